// Words for error codes: a sentence for a command that was refused, a few words for a cause in a row or second line.
import type { ErrorCode, Params } from '../../core/model';
import { m } from '../../paraglide/messages';
import { clip } from '../../text/width';

/** The sentence of a refused command. Codes and traces stay out of it. */
export function errorWords(code: ErrorCode, params: Params): string {
  const subject = params['name'] ?? params['source'] ?? params['device'] ?? m.err_device_word();
  return sentence(code, clip(subject, 7));
}

function sentence(code: ErrorCode, name: string): string {
  switch (code) {
    case 'bad_request':
      return m.err_bad_request();
    case 'not_found':
      return m.err_not_found();
    case 'wrong_phase':
      return m.err_wrong_phase();
    case 'device_missing':
      return m.err_device_missing({ name });
    case 'device_busy':
      return m.err_device_busy({ name });
    case 'device_unsupported':
      return m.err_device_unsupported({ name });
    case 'device_permission':
      return m.err_device_permission({ name });
    case 'media_unusable':
      return m.err_media_unusable();
    case 'show_unreadable':
      return m.err_show_unreadable();
    case 'show_too_new':
      return m.err_show_too_new();
    case 'bad_url':
      return m.err_bad_url();
    case 'dns_failed':
      return m.err_dns_failed();
    case 'connection_refused':
      return m.err_connection_refused();
    case 'connection_timeout':
      return m.err_connection_timeout();
    case 'tls_failed':
      return m.err_tls_failed();
    case 'key_rejected':
      return m.err_key_rejected();
    case 'key_in_use':
      return m.err_key_in_use();
    case 'server_closed':
      return m.err_server_closed();
    case 'stalled':
      return m.err_stalled();
    case 'protocol_violation':
      return m.err_protocol_violation();
    case 'no_destination':
      return m.err_no_destination();
    case 'disk_full':
      return m.err_disk_full();
    case 'read_only':
      return m.err_read_only();
    case 'no_encoder':
      return m.err_no_encoder();
    case 'port_taken':
      return m.err_port_taken();
    case 'already_running':
      return m.err_already_running();
    case 'internal':
      return m.err_internal();
  }
}

/** A cause in a few words, for rows and second lines. Takes a code from an alarm's parameters too. */
export function reasonWords(code: string | null | undefined): string {
  switch (code) {
    case 'dns_failed':
      return m.r_dns_failed();
    case 'connection_refused':
      return m.r_connection_refused();
    case 'connection_timeout':
      return m.r_connection_timeout();
    case 'tls_failed':
      return m.r_tls_failed();
    case 'key_rejected':
      return m.r_key_rejected();
    case 'key_in_use':
      return m.r_key_in_use();
    case 'server_closed':
      return m.r_server_closed();
    case 'stalled':
      return m.r_stalled();
    case 'bad_url':
      return m.r_bad_url();
    case 'disk_full':
      return m.r_disk_full();
    case 'read_only':
      return m.r_read_only();
    case 'device_missing':
      return m.r_device_missing();
    case 'device_busy':
      return m.r_device_busy();
    case 'device_unsupported':
      return m.r_device_unsupported();
    case 'device_permission':
      return m.r_device_permission();
    case 'media_unusable':
      return m.r_media_unusable();
    default:
      return m.r_other();
  }
}
