// What has to be right about a destination before it is sent to the core. Pure.

/** True where the host has to correct something. */
export function draftProblems(name: string, url: string): { name: boolean; url: boolean } {
  return { name: name.trim() === '', url: !/^rtmps?:\/\/[^\s/]+/i.test(url.trim()) };
}
