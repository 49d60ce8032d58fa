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

/// Runs rml's own client against the session until neither has anything to say.
fn talk(session: &mut PublisherSession, app: &str, key: &str) -> (Vec<ClientSessionEvent>, Vec<String>) {
    let (mut client, first) = ClientSession::new(ClientSessionConfig::new()).unwrap();
    let mut seen = Vec::new();
    let mut asked = Vec::new();
    let mut wire: Vec<u8> = Vec::new();
    let mut queue = first;
    queue.push(client.request_connection(app.into()).unwrap());
    loop {
        for result in queue.drain(..) {
            match result {
                ClientSessionResult::OutboundResponse(packet) => wire.extend(packet.bytes),
                ClientSessionResult::RaisedEvent(event) => seen.push(event),
                ClientSessionResult::UnhandleableMessageReceived(_) => {}
            }
        }
        if seen.last() == Some(&ClientSessionEvent::ConnectionRequestAccepted) {
            seen.push(ClientSessionEvent::PublishRequestAccepted);
            seen.pop();
            if !asked.contains(&"publish".to_string()) {
                asked.push("publish".to_string());
                queue.push(client.request_publishing(key.into(), PublishRequestType::Live).unwrap());
                continue;
            }
        }
        if wire.is_empty() {
            return (seen, asked);
        }
        let mut events = Vec::new();
        session.input(&std::mem::take(&mut wire), &mut events).unwrap();
        if events.iter().any(|e| matches!(e, Event::PublishAsked)) {
            session.accept(&mut events).unwrap();
        }
        for event in &events {
            match event {
                Event::Reply(bytes) => queue.extend(client.handle_input(bytes).unwrap()),
                Event::Close(why) => asked.push(format!("{why:?}")),
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
    let (seen, notes) = talk(&mut session, "live", "wrong");
    assert!(!seen.contains(&ClientSessionEvent::PublishRequestAccepted));
    assert!(notes.contains(&"Key".to_string()), "{notes:?}");
    assert_eq!(session.stage, Stage::Closed);
}

#[test]
fn another_application_is_refused() {
    let (_, notes) = talk(&mut shaken(), "other", "right");
    assert!(notes.contains(&"App".to_string()), "{notes:?}");
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
    session.input(&answers.serialize(&payload, true, false).unwrap().bytes, &mut events).unwrap();
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
