use super::*;
use crate::check::{MAX_ITEMS, Rule};
use crate::item::{Content, Item, Transform};
use crate::show::{Canvas, Scene};
use proptest::prelude::*;

/// The smallest show with one of everything that matters to a test, as text.
fn with(items: &str) -> String {
    format!(
        r#"{{"vitrine_show": 1, "canvas": {{"width": 1920, "height": 1080}},
        "sources": [{{"id": "cam", "input": {{"kind": "camera"}}}}, {{"id": "mic", "input": {{"kind": "microphone"}}}}],
        "scenes": [{{"id": "a", "items": [{items}]}}, {{"id": "b"}}]}}"#
    )
}

fn item(id: &str, content: &str) -> String {
    format!(r#"{{"id": "{id}", {content}, "transform": {{"x": 0, "y": 0, "width": 10, "height": 10}}}}"#)
}

fn rule(text: &str) -> (String, Rule) {
    match Show::parse(text) {
        Err(ParseError::Invalid(Fault { path, rule })) => (path, rule),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_starter_file_is_readable_and_comes_back_as_it_was() {
    for canvas in [Canvas::LANDSCAPE, Canvas::PORTRAIT] {
        let show = Show::starter(canvas);
        assert_eq!(Show::parse(&show.to_json()), Ok(show));
    }
    insta::assert_snapshot!(Show::starter(Canvas::PORTRAIT).to_json());
}

#[test]
fn unknown_fields_survive_at_every_level() {
    let text = r#"{"vitrine_show": 1, "future": {"deep": [1, 2.5, null]}, "canvas": {"width": 1280, "height": 720},
        "sources": [{"id": "t", "shade": 3, "input": {"kind": "text", "text": "今天", "glow": true}}],
        "strips": [],
        "scenes": [{"id": "a", "mood": "warm", "items": [
            {"id": "i", "source": "t", "sparkle": 1, "transform": {"x": 0, "y": 0, "width": 9, "height": 9}},
            {"id": "g", "shape": "round", "transform": {"x": 0, "y": 0, "width": 9, "height": 9}, "items": [
                {"id": "j", "source": "t", "inner": [true], "transform": {"x": 0, "y": 0, "width": 9, "height": 9}}]}
        ]}],
        "destinations": [{"name": "d", "url": "rtmp://host/app", "region": "cn"}]}"#;
    let show = Show::parse(text).unwrap();
    let again = Show::parse(&show.to_json()).unwrap();
    assert_eq!(again, show);
    let value: serde_json::Value = serde_json::from_str(&show.to_json()).unwrap();
    for pointer in [
        "/future/deep/1",
        "/sources/0/shade",
        "/sources/0/input/glow",
        "/scenes/0/mood",
        "/scenes/0/items/0/sparkle",
        "/scenes/0/items/1/shape",
        "/scenes/0/items/1/items/0/inner/0",
        "/destinations/0/region",
    ] {
        assert!(value.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn a_syntax_error_has_its_line_and_column() {
    let error = Show::parse("{\n  \"vitrine_show\": 1,\n  \"canvas\": {,}\n}").unwrap_err();
    assert!(matches!(error, ParseError::Syntax { line: 3, column: 14, .. }), "{error:?}");
    let error = Show::parse(&(with("") + "x")).unwrap_err();
    assert!(matches!(error, ParseError::Syntax { .. }), "{error:?}");
    for text in ["", "{", "[1", "\"", "nul"] {
        assert!(matches!(Show::parse(text), Err(ParseError::Syntax { .. })), "{text}");
    }
    let error = Show::parse_bytes(b"{\n \"a\xff").unwrap_err();
    assert!(matches!(error, ParseError::Syntax { line: 2, column: 4, .. }), "{error:?}");
}

#[test]
fn a_wrong_type_has_its_path() {
    let text = with(&item("i", r#""source": "cam""#)).replace("\"x\": 0", "\"x\": \"left\"");
    match Show::parse(&text).unwrap_err() {
        ParseError::Type { path, line, message, .. } => {
            assert_eq!(path, "scenes[0].items[0].transform.x");
            assert_eq!(line, 3);
            assert!(message.contains("string \"left\""), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let text = with("").replace("\"kind\": \"camera\"", "\"kind\": \"telescope\"");
    match Show::parse(&text).unwrap_err() {
        ParseError::Type { path, message, .. } => {
            assert!(path.starts_with("sources[0].input"), "{path}");
            assert!(message.contains("telescope"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let text = with(r#"{"id": "i", "transform": {"x": 0, "y": 0, "width": 1, "height": 1}}"#);
    assert!(matches!(Show::parse(&text), Err(ParseError::Type { .. })), "an item must show something");
}

#[test]
fn other_files_and_other_versions_are_told_apart() {
    for text in ["{}", "[]", "3", "null", r#"{"vitrine_show": "1"}"#, r#"{"vitrine_show": -1}"#] {
        assert_eq!(Show::parse(text), Err(ParseError::NotAShow), "{text}");
    }
    // A newer show is refused for its version, whatever else it holds.
    let error = Show::parse(r#"{"vitrine_show": 7, "scenes": "elsewhere"}"#).unwrap_err();
    assert_eq!(error, ParseError::Newer { found: 7, supported: 1 });
    assert_eq!(Show::parse(r#"{"vitrine_show": 0}"#), Err(ParseError::NoSuchFormat { found: 0 }));
    assert!(matches!(Show::parse(&" ".repeat(MAX_BYTES + 1)), Err(ParseError::TooLarge { .. })));
}

#[test]
fn ids_are_distinct_and_references_lead_somewhere() {
    let cam = r#""source": "cam""#;
    let (path, broken) = rule(&with(&[item("i", cam), item("i", cam)].join(",")));
    assert_eq!((path.as_str(), broken), ("scenes[0].items[1].id", Rule::Duplicate("i".into())));
    let inner = item("i", cam);
    let group = item("g", &format!(r#""items": [{inner}]"#));
    let (path, _) = rule(&with(&[inner, group].join(",")));
    assert_eq!(path, "scenes[0].items[1].items[0].id");
    let (path, broken) = rule(&with(&item("i", r#""source": "gone""#)));
    assert_eq!(path, "scenes[0].items[0].source");
    assert_eq!(broken, Rule::Dangling { what: "source", id: "gone".into() });
    let (_, broken) = rule(&with(&item("i", r#""scene": "gone""#)));
    assert_eq!(broken, Rule::Dangling { what: "scene", id: "gone".into() });
    let (_, broken) = rule(&with(&item("i", r#""source": "mic""#)));
    assert_eq!(broken, Rule::NoPicture("mic".into()));
    let (path, broken) = rule(&with("").replace("\"id\": \"b\"", "\"id\": \"a\""));
    assert_eq!((path.as_str(), broken), ("scenes[1].id", Rule::Duplicate("a".into())));
    let (_, broken) = rule(&with("").replace("\"id\": \"b\"", "\"id\": \"\""));
    assert_eq!(broken, Rule::Id);
}

#[test]
fn scenes_that_show_themselves_are_refused() {
    let (_, broken) = rule(&with(&item("i", r#""scene": "a""#)));
    assert_eq!(broken, Rule::Cycle("a".into()));
    let back = item("j", r#""scene": "a""#);
    let text = with(&item("i", r#""scene": "b""#))
        .replace("\"id\": \"b\"}", &format!("\"id\": \"b\", \"items\": [{back}]}}"));
    assert!(matches!(rule(&text).1, Rule::Cycle(_)));
    assert!(Show::parse(&with(&item("i", r#""scene": "b""#))).is_ok());
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let good = with(&item("i", r#""source": "cam""#));
    for (from, to, path) in [
        ("\"width\": 10", "\"width\": -10", "scenes[0].items[0].transform.width"),
        ("\"height\": 10}", "\"height\": 0}", "scenes[0].items[0].transform.height"),
        ("\"x\": 0", "\"x\": 1e30", "scenes[0].items[0].transform.x"),
        ("\"x\": 0", "\"x\": 1e300", "scenes[0].items[0].transform.x"),
        ("\"x\": 0", "\"opacity\": 1.5, \"x\": 0", "scenes[0].items[0].transform.opacity"),
        ("\"x\": 0", "\"quarter_turns\": 4, \"x\": 0", "scenes[0].items[0].transform.quarter_turns"),
        ("\"x\": 0", "\"crop\": {\"left\": 4000000000}, \"x\": 0", "scenes[0].items[0].transform.crop"),
        ("\"width\": 1920", "\"width\": 1921", "canvas.width"),
        ("\"width\": 1920", "\"width\": 0", "canvas.width"),
        ("\"height\": 1080", "\"height\": 1080, \"rate\": {\"num\": 30, \"den\": 0}", "canvas.rate"),
        (
            "\"scenes\"",
            "\"transition\": {\"kind\": \"fade\", \"duration_millis\": 3600000}, \"scenes\"",
            "transition.duration_millis",
        ),
        (
            "\"scenes\"",
            "\"strips\": [{\"source\": \"mic\", \"gain_db\": 900}], \"scenes\"",
            "strips[0].gain_db",
        ),
    ] {
        assert_eq!(rule(&good.replacen(from, to, 1)).0, path, "{to}");
    }
    assert!(matches!(
        Show::parse(&good.replacen("\"x\": 0", "\"x\": 1e999", 1)),
        Err(ParseError::Syntax { .. })
    ));
    assert!(matches!(
        Show::parse(&good.replacen("\"x\": 0", "\"x\": NaN", 1)),
        Err(ParseError::Syntax { .. })
    ));
}

#[test]
fn ten_thousand_items_are_refused_whether_written_out_or_by_reference() {
    let items: Vec<String> = (0..10_000).map(|n| item(&format!("i{n}"), r#""source": "cam""#)).collect();
    let (_, broken) = rule(&with(&items.join(",")));
    assert_eq!(broken, Rule::TooMany { what: "items", found: MAX_ITEMS + 1, limit: MAX_ITEMS });

    // Ten scenes that each show the next ten times.
    let mut show = Show::starter(Canvas::LANDSCAPE);
    for n in 0..10 {
        let mut scene = Scene::new(format!("s{n}").as_str(), "");
        let next = crate::SceneId::new(if n == 9 { "main".into() } else { format!("s{}", n + 1) });
        let place = Transform::at(0.0, 0.0, 10.0, 10.0);
        scene.items = (0..10)
            .map(|m| Item::new(format!("{n}-{m}").as_str(), "", Content::Scene(next.clone()), place))
            .collect();
        show.scenes.push(scene);
    }
    assert!(matches!(show.check(), Err(Fault { rule: Rule::TooMany { .. }, .. })));
}

#[test]
fn deep_nesting_is_refused_without_exhausting_the_stack() {
    let nested = |depth: usize| {
        (0..depth).fold(item("leaf", r#""source": "cam""#), |inner, n| {
            item(&format!("g{n}"), &format!(r#""items": [{inner}]"#))
        })
    };
    assert!(Show::parse(&with(&nested(10))).is_ok());
    assert_eq!(rule(&with(&nested(30))).1, Rule::TooDeep);
    assert!(matches!(
        Show::parse(&with(&nested(100))),
        Err(ParseError::Syntax { .. } | ParseError::Type { .. })
    ));
    assert!(Show::parse(&"[".repeat(1_000_000)).is_err());
    assert!(Show::parse(&format!("{{\"vitrine_show\": 1, \"x\": {}", "[".repeat(1_000_000))).is_err());
}

#[test]
fn addresses_with_secrets_are_refused_and_not_repeated() {
    let text = |url: &str| {
        with("").replace(
            "\"scenes\"",
            &format!("\"destinations\": [{{\"name\": \"d\", \"url\": \"{url}\"}}], \"scenes\""),
        )
    };
    for url in ["rtmp://user:hunter2@host/app", "rtmp://host/app?token=hunter2", "rtmp://host/app#hunter2"] {
        let error = Show::parse(&text(url)).unwrap_err();
        assert!(matches!(&error, ParseError::Invalid(Fault { rule: Rule::UrlSecret, .. })));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    for url in ["", "http://host/app", "rtmp://", "rtmp:///app", "rtmp://ho st/app"] {
        assert_eq!(rule(&text(url)).1, Rule::Url, "{url}");
    }
    assert!(Show::parse(&text("RTMPS://a.b.c:443/live")).is_ok());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC*") {
        let _ = Show::parse(&text);
    }

    #[test]
    fn no_damage_to_a_file_makes_the_parser_panic(at in 0usize..2000, byte: u8, cut: bool) {
        let mut bytes = Show::starter(Canvas::LANDSCAPE).to_json().into_bytes();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(show) = Show::parse_bytes(&bytes) {
            prop_assert_eq!(Show::parse(&show.to_json()), Ok(show));
        }
    }
}
