//! Debian's nginx with its RTMP module, as a stock ingest server on loopback.
//!
//! Owns: a child process and a temporary directory, both gone when [`Nginx`] is dropped. Threads: none.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";
const BINARIES: [&str; 3] = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];

/// A running server.
///
/// Applications: `live` records everything to FLV; `fast` also drops a publisher that is idle for 2 s; `plain`
/// records nothing.
#[derive(Debug)]
pub struct Nginx {
    child: Option<Child>,
    port: u16,
    dir: TempDir,
}

impl Nginx {
    /// Whether this machine has the server. Tests that need it call [`Self::start`], which says what to install.
    pub fn is_installed() -> bool {
        Path::new(MODULE).exists() && binary().is_some()
    }

    /// Starts a server on a free loopback port and returns when it accepts connections.
    pub fn start() -> Self {
        assert!(Self::is_installed(), "install the Debian packages nginx-light and libnginx-mod-rtmp");
        let dir = tempfile::Builder::new().prefix("vitrine-nginx-").tempdir().expect("a temporary directory");
        for sub in ["rec", "tmp"] {
            std::fs::create_dir(dir.path().join(sub)).expect("a directory");
        }
        let mut server = Self { child: None, port: 0, dir };
        // Another process may take the port between the look and the start, so a failed start tries a new one.
        for _ in 0..5 {
            server.port = free_port();
            if server.launch() {
                return server;
            }
        }
        panic!("nginx does not start: {}", server.log());
    }

    /// Starts it again on the same port after [`Self::stop`].
    pub fn restart(&mut self) {
        assert!(self.child.is_none(), "stop it first");
        assert!(self.launch(), "nginx does not start again: {}", self.log());
    }

    /// Kills the server, as a crash would.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// `rtmp://127.0.0.1:PORT/live/KEY`: publish here; play here.
    pub fn url(&self, key: &str) -> String {
        self.url_in("live", key)
    }

    /// The same in another application.
    pub fn url_in(&self, app: &str, key: &str) -> String {
        format!("rtmp://{}/{app}/{key}", self.addr())
    }

    /// The recordings of a key, oldest first: one FLV file for each time it was published. Complete once the
    /// publisher has left.
    pub fn recordings(&self, key: &str) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.dir.path().join("rec")) else { return Vec::new() };
        let mut files: Vec<_> = entries
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| {
                let name = p.file_name().unwrap_or_default().to_string_lossy();
                name.strip_prefix(key).is_some_and(|rest| rest.starts_with(['-', '.']))
            })
            .collect();
        files.sort();
        files
    }

    /// What the server says about itself.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("error.log")).unwrap_or_default()
    }

    /// Writes the configuration, starts the child and waits until it accepts; false if it ended first.
    fn launch(&mut self) -> bool {
        let root = self.dir.path();
        let conf = root.join("nginx.conf");
        std::fs::write(&conf, configuration(root, self.port)).expect("the configuration can be written");
        let mut child = Command::new(binary().expect("installed"))
            .arg("-p")
            .arg(root)
            .arg("-c")
            .arg(&conf)
            .arg("-e")
            .arg(root.join("error.log"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx can be started");
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if child.try_wait().expect("a child can be asked").is_some() {
                return false;
            }
            if TcpStream::connect(self.addr()).is_ok() {
                self.child = Some(child);
                return true;
            }
            // The server gives no sign of readiness but the open port.
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.stop();
    }
}

fn binary() -> Option<&'static str> {
    BINARIES.into_iter().find(|path| Path::new(path).exists())
}

/// A loopback port free at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    listener.local_addr().expect("bound").port()
}

/// One process, so that killing the child kills the server; it runs as whoever runs the test.
fn configuration(root: &Path, port: u16) -> String {
    let root = root.display();
    format!(
        "load_module {MODULE};\n\
         daemon off; master_process off; worker_processes 1;\n\
         pid {root}/pid; error_log {root}/error.log info;\n\
         events {{ worker_connections 256; }}\n\
         rtmp {{\n access_log off;\n server {{\n  listen 127.0.0.1:{port};\n  chunk_size 4096;\n\
           application live {{ live on; record all; record_path {root}/rec; record_unique on; }}\n\
           application fast {{ live on; drop_idle_publisher 2s; record all; record_path {root}/rec;\
                               record_unique on; }}\n\
           application plain {{ live on; record off; }}\n }}\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffmpeg;

    #[test]
    fn what_is_published_is_recorded_and_the_server_can_be_killed_and_restarted() {
        let mut nginx = Nginx::start();
        ffmpeg::ffmpeg(&[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=320x180:r=30",
            "-t",
            "1",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-f",
            "flv",
            &nginx.url("one"),
        ]);
        nginx.stop();
        assert!(TcpStream::connect(nginx.addr()).is_err());
        let files = nginx.recordings("one");
        assert_eq!(files.len(), 1, "{}", nginx.log());
        assert_eq!(ffmpeg::packet_times(&files[0], "v:0").len(), 30);
        nginx.restart();
        assert!(TcpStream::connect(nginx.addr()).is_ok());
    }
}
