//! The commands a publisher sends (Adobe RTMP 1.0, §7.2), as AMF0 values.
//!
//! Owns: their names, transaction ids and arguments. Pure.

use super::amf0::Value;
use super::target::Target;

/// Transaction ids; a publisher sends each command once, so they are constants.
pub(super) mod transaction {
    pub const CONNECT: f64 = 1.0;
    pub const RELEASE_STREAM: f64 = 2.0;
    pub const FC_PUBLISH: f64 = 3.0;
    pub const CREATE_STREAM: f64 = 4.0;
    pub const PUBLISH: f64 = 5.0;
    pub const FC_UNPUBLISH: f64 = 6.0;
    pub const DELETE_STREAM: f64 = 7.0;
}

fn command(name: &str, id: f64, arguments: impl IntoIterator<Item = Value>) -> Vec<Value> {
    [Value::string(name), Value::Number(id), Value::Null].into_iter().chain(arguments).collect()
}

fn key(target: &Target) -> Value {
    Value::string(target.key().reveal().as_str())
}

/// §7.2.1.1, with the capabilities of E-RTMP v2 ("Enhancing NetConnection connect Command"; 2 = can encode). No
/// `capsEx`: neither reconnect requests nor multitrack are understood here.
pub(super) fn connect(target: &Target) -> Vec<Value> {
    let tc_url = target.tc_url();
    let text = |name: &str, value: &str| (name.to_owned(), Value::string(value));
    let can_encode = |codec: &str| Value::Object(vec![(codec.to_owned(), Value::Number(2.0))]);
    let object = Value::Object(vec![
        text("app", target.app()),
        text("type", "nonprivate"),
        text("flashVer", concat!("FMLE/3.0 (compatible; Vitrine/", env!("CARGO_PKG_VERSION"), ")")),
        text("swfUrl", &tc_url),
        text("tcUrl", &tc_url),
        ("fourCcList".to_owned(), Value::StrictArray(vec![Value::string("avc1"), Value::string("mp4a")])),
        ("videoFourCcInfoMap".to_owned(), can_encode("avc1")),
        ("audioFourCcInfoMap".to_owned(), can_encode("mp4a")),
    ]);
    vec![Value::string("connect"), Value::Number(transaction::CONNECT), object]
}

/// Not in the standard; FMLE's habit, which some servers wait for.
pub(super) fn release_stream(target: &Target) -> Vec<Value> {
    command("releaseStream", transaction::RELEASE_STREAM, [key(target)])
}

/// As [`release_stream`].
pub(super) fn fc_publish(target: &Target) -> Vec<Value> {
    command("FCPublish", transaction::FC_PUBLISH, [key(target)])
}

/// §7.2.1.3.
pub(super) fn create_stream() -> Vec<Value> {
    command("createStream", transaction::CREATE_STREAM, [])
}

/// §7.2.2.6.
pub(super) fn publish(target: &Target) -> Vec<Value> {
    command("publish", transaction::PUBLISH, [key(target), Value::string("live")])
}

/// The counterpart of [`fc_publish`].
pub(super) fn fc_unpublish(target: &Target) -> Vec<Value> {
    command("FCUnpublish", transaction::FC_UNPUBLISH, [key(target)])
}

/// §7.2.2.3.
pub(super) fn delete_stream(stream_id: u32) -> Vec<Value> {
    command("deleteStream", transaction::DELETE_STREAM, [Value::Number(f64::from(stream_id))])
}
