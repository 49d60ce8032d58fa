use super::*;
use proptest::prelude::*;
use rml_rtmp::sessions::{
    ClientSession, ClientSessionConfig, ClientSessionEvent, ClientSessionResult, PublishRequestType,
};

/// A session past its handshake, and the bytes a peer's chunk writer produces.
fn shaken() -> PublisherSession {
    let mut session = PublisherSession::new(Secret::new("right".into()));
    let mut client = Handshake::new(PeerType::Client);
    let hello = client.generate_outbound_p0_and_p1().unwrap();
    let mut events = Vec::new();
    session.input(&hello, &mut events).unwrap();
    let replies: Vec<u8> = replies(&events).concat();
    let HandshakeProcessResult::Completed { response_bytes, .. } = client.process_bytes(&replies).unwrap()
    else {
        panic!("the client is not content with the answer");
    };
    session.input(&response_bytes, &mut Vec::new()).unwrap();
    session
}

fn replies(events: &[Event]) -> Vec<Vec<u8>> {
    events.iter().filter_map(|e| if let Event::Reply(b) = e { Some(b.clone()) } else { None }).collect()
}

/// Runs rml's own client against the session until neither has anything to say. Returns what the client saw and
/// why the session closed, if it did.
fn talk(
    session: &mut PublisherSession,
    app: &str,
    key: &str,
) -> (Vec<ClientSessionEvent>, Option<SessionError>) {
    let (mut client, mut queue) = ClientSession::new(ClientSessionConfig::new()).unwrap();
    queue.push(client.request_connection(app.into()).unwrap());
    let (mut seen, mut closed, mut wire) = (Vec::new(), None, Vec::new());
    loop {
        for result in std::mem::take(&mut queue) {
            match result {
                ClientSessionResult::OutboundResponse(packet) => wire.extend(packet.bytes),
                ClientSessionResult::RaisedEvent(event) => {
                    if event == ClientSessionEvent::ConnectionRequestAccepted {
                        queue.push(client.request_publishing(key.into(), PublishRequestType::Live).unwrap());
                    }
                    seen.push(event);
                }
                ClientSessionResult::UnhandleableMessageReceived(_) => {}
            }
        }
        if wire.is_empty() && queue.is_empty() {
            return (seen, closed);
        }
        let mut events = Vec::new();
        session.input(&std::mem::take(&mut wire), &mut events).unwrap();
        if events.iter().any(|event| matches!(event, Event::PublishAsked)) {
            session.accept(&mut events).unwrap();
        }
        for event in &events {
            match event {
                Event::Reply(bytes) => queue.extend(client.handle_input(bytes).unwrap()),
                Event::Close(why) => closed = Some(*why),
                _ => {}
            }
        }
    }
}

#[test]
fn an_independent_client_is_let_in_with_the_key() {
    let (seen, _) = talk(&mut shaken(), "live", "right");
    assert!(seen.contains(&ClientSessionEvent::PublishRequestAccepted), "{seen:?}");
}

#[test]
fn a_wrong_key_is_told_so_and_closed() {
    let mut session = shaken();
    let (seen, closed) = talk(&mut session, "live", "wrong");
    assert!(!seen.contains(&ClientSessionEvent::PublishRequestAccepted));
    assert_eq!(closed, Some(SessionError::Key));
    assert_eq!(session.stage, Stage::Closed);
}

#[test]
fn another_application_is_refused() {
    let (_, closed) = talk(&mut shaken(), "other", "right");
    assert_eq!(closed, Some(SessionError::App));
}

#[test]
fn what_is_not_a_handshake_is_closed() {
    let mut session = PublisherSession::new(Secret::new("right".into()));
    let result = session.input(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &mut Vec::new());
    assert_eq!(result, Err(SessionError::Handshake));
}

#[test]
fn a_stranger_cannot_make_the_room_keep_much() {
    let mut session = shaken();
    let result = session.input(&[0x03, 0, 0, 0, 0xff, 0, 0, 9, 1, 0, 0, 0], &mut Vec::new());
    assert!(matches!(result, Err(SessionError::Chunk(ChunkError::Oversized { .. }))), "{result:?}");
}

#[test]
fn media_before_publishing_is_ignored() {
    let mut session = shaken();
    let mut events = Vec::new();
    session.input(&[0x03, 0, 0, 0, 0, 0, 2, 9, 1, 0, 0, 0, 0x17, 0], &mut events).unwrap();
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn the_end_of_a_broadcast_is_noticed() {
    let mut session = shaken();
    talk(&mut session, "live", "right");
    let mut answers = ChunkSerializer::new();
    let delete = RtmpMessage::Amf0Command {
        command_name: "deleteStream".into(),
        transaction_id: 9.0,
        command_object: Amf0Value::Null,
        additional_arguments: vec![Amf0Value::Number(1.0)],
    };
    let payload = delete.into_message_payload(RtmpTimestamp::new(0), 0).unwrap();
    let mut events = Vec::new();
    // A long broadcast went before; its bytes are not held against the farewell.
    session.received += 10 * STRANGER_BYTES;
    session.acknowledged = session.received;
    let farewell = answers.serialize(&payload, true, false).unwrap().bytes;
    session.input(&farewell, &mut events).unwrap();
    session.input(&farewell, &mut events).unwrap();
    assert!(matches!(events[..], [Event::Finished]), "{events:?}");
}

proptest! {
    #[test]
    fn any_bytes_after_the_handshake_end_in_an_answer_or_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let _ = shaken().input(&bytes, &mut Vec::new());
    }
}
