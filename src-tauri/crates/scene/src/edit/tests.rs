use super::*;
use crate::check::Rule;
use crate::source::{Input, Plain, Text};
use proptest::prelude::*;
use vitrine_media::FrameRate;

fn starter() -> Show {
    Show::starter(Canvas::LANDSCAPE)
}

fn camera(id: &str, x: f32) -> Item {
    Item::new(id, "", Content::Source("camera".into()), Transform::at(x, 0.0, 100.0, 100.0))
}

fn ids(items: &[Item]) -> Vec<&str> {
    items.iter().map(|i| i.id.as_str()).collect()
}

/// A show with five items in its scene.
fn five() -> Show {
    let mut show = starter();
    show.scenes[0].items = ["a", "b", "c", "d", "e"].map(|id| camera(id, 7.0)).to_vec();
    show
}

#[test]
fn grouping_keeps_places_and_order_and_is_taken_back_exactly() {
    let mut show = five();
    let start = show.clone();
    let placed = |show: &Show| -> Vec<_> {
        show.place(&"main".into()).unwrap().into_iter().map(|p| (p.item, p.dest)).collect()
    };
    let group = Edit::Group { items: vec!["d".into(), "b".into()], group: "g".into(), name: "Pair".into() };
    let undo = group.apply(&mut show).unwrap();
    assert_eq!(ids(&show.scenes[0].items), ["a", "c", "g", "e"]);
    assert_eq!(ids(show.scenes[0].items[2].children()), ["b", "d"]);
    let mut sorted = placed(&show);
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(sorted, placed(&start));
    let undo_ungroup = Edit::Ungroup { group: "g".into() }.apply(&mut show).unwrap();
    assert_eq!(ids(&show.scenes[0].items), ["a", "c", "b", "d", "e"]);
    undo_ungroup.apply(&mut show).unwrap();
    undo.apply(&mut show).unwrap();
    assert_eq!(show, start);
}

#[test]
fn ungrouping_a_moved_turned_faded_group_changes_nothing_on_the_canvas() {
    let mut show = five();
    Edit::Group { items: vec!["a".into(), "b".into()], group: "g".into(), name: String::new() }
        .apply(&mut show)
        .unwrap();
    let transform = Transform { quarter_turns: 3, opacity: 0.5, ..Transform::at(50.0, 60.0, 540.0, 960.0) };
    Edit::SetTransform { item: "g".into(), transform }.apply(&mut show).unwrap();
    let before = show.place(&"main".into()).unwrap();
    Edit::Ungroup { group: "g".into() }.apply(&mut show).unwrap();
    let after = show.place(&"main".into()).unwrap();
    let seen = |p: &crate::Placement| (p.item.clone(), p.dest, p.quarter_turns, p.opacity.to_bits());
    assert_eq!(before.iter().map(seen).collect::<Vec<_>>(), after.iter().map(seen).collect::<Vec<_>>());
}

#[test]
fn what_would_break_the_show_is_refused_and_changes_nothing() {
    let mut show = five();
    let mut nested = Scene::new("outer", "");
    nested.items.push(Item::new("n", "", Content::Scene("main".into()), Transform::full(show.canvas)));
    Edit::AddScene { scene: nested, at: 9 }.apply(&mut show).unwrap();
    let start = show.clone();
    let mut refuse = |edit: Edit| {
        let error = edit.apply(&mut show).unwrap_err();
        assert_eq!(show, start, "{edit:?}");
        error
    };
    assert!(matches!(
        refuse(Edit::RemoveScene { scene: "main".into() }),
        EditError::InUse { what: "scene", .. }
    ));
    assert!(
        matches!(refuse(Edit::RemoveSource { source: "camera".into() }), EditError::InUse { by, .. } if by == "main")
    );
    assert!(
        matches!(refuse(Edit::RemoveSource { source: "microphone".into() }), EditError::InUse { by, .. } if by == "mixer")
    );
    assert!(matches!(
        refuse(Edit::RemoveItem { item: "gone".into() }),
        EditError::NotFound { what: "item", .. }
    ));
    assert!(matches!(refuse(Edit::Ungroup { group: "a".into() }), EditError::NotFound { what: "group", .. }));
    let across = Edit::Group { items: vec!["a".into(), "n".into()], group: "g".into(), name: String::new() };
    assert_eq!(refuse(across), EditError::NotSiblings);
    let twice = Edit::AddItem { scene: "main".into(), parent: None, item: camera("a", 0.0), at: 0 };
    assert!(matches!(refuse(twice), EditError::Invalid(Fault { rule: Rule::Duplicate(_), .. })));
    let same_scene = Edit::AddScene { scene: Scene::new("main", ""), at: 0 };
    assert!(matches!(refuse(same_scene), EditError::Invalid(Fault { rule: Rule::Duplicate(_), .. })));
    let circle = Edit::SetContent { item: "a".into(), content: Content::Scene("outer".into()) };
    assert!(matches!(refuse(circle), EditError::Invalid(Fault { rule: Rule::Cycle(_), .. })));
    let nan = Edit::SetTransform { item: "a".into(), transform: Transform::at(f32::NAN, 0.0, 1.0, 1.0) };
    assert!(matches!(refuse(nan), EditError::Invalid(Fault { rule: Rule::Range { .. }, .. })));
    let half_good = Edit::Batch {
        edits: vec![Edit::RenameShow { name: "x".into() }, Edit::RemoveItem { item: "gone".into() }],
    };
    assert!(matches!(refuse(half_good), EditError::NotFound { .. }));
    let mut lonely = starter();
    assert_eq!(Edit::RemoveScene { scene: "main".into() }.apply(&mut lonely), Err(EditError::LastScene));
}

#[test]
fn edits_travel_as_json() {
    let edit = Edit::AddItem { scene: "main".into(), parent: None, item: camera("x", 1.5), at: 2 };
    let text = serde_json::to_string(&edit).unwrap();
    assert!(text.starts_with(r#"{"edit":"add_item""#), "{text}");
    assert_eq!(serde_json::from_str::<Edit>(&text).unwrap(), edit);
}

/// An edit from a few numbers; names are drawn from small sets so that most edits find what they change.
fn any_edit() -> impl Strategy<Value = Edit> {
    let number = any::<u8>();
    (0u8..26, number, number, -500f32..500.0, any::<bool>()).prop_map(|(kind, a, b, x, yes)| {
        let item = |n: u8| ItemId::new(format!("i{}", n % 12));
        let scene =
            |n: u8| SceneId::new(if n.is_multiple_of(4) { "main".into() } else { format!("s{}", n % 4) });
        let source = |n: u8| SourceId::new(["camera", "microphone", "x0", "x1"][usize::from(n % 4)]);
        let name = format!("name {b}");
        let (at, to) = (usize::from(b % 6), usize::from(b % 6));
        let new_item = || {
            let content = match a % 5 {
                0 => Content::Scene(scene(b)),
                1 => Content::Group(vec![Item::new(
                    item(b),
                    "",
                    Content::Source(source(0)),
                    Transform::at(x, x, 9.0, 9.0),
                )]),
                _ => Content::Source(source(b / 4)),
            };
            Item::new(item(a), "", content, Transform::at(x, 1.0, 50.0, 60.0))
        };
        match kind {
            0 => Edit::RenameShow { name },
            1 => Edit::SetCanvas {
                canvas: if yes {
                    Canvas::PORTRAIT
                } else {
                    Canvas { rate: FrameRate::new(60, 1).unwrap(), ..Canvas::LANDSCAPE }
                },
            },
            2 => {
                Edit::SetTransition { transition: if yes { Transition::CUT } else { Transition::default() } }
            }
            3 => Edit::AddScene { scene: Scene::new(scene(a), name), at },
            4 => Edit::RemoveScene { scene: scene(a) },
            5 => Edit::RenameScene { scene: scene(a), name },
            6 => Edit::MoveScene { scene: scene(a), to },
            7..=10 => Edit::AddItem { scene: scene(a), parent: yes.then(|| item(b)), item: new_item(), at },
            11 => Edit::RemoveItem { item: item(a) },
            12 => Edit::RenameItem { item: item(a), name },
            13 => Edit::SetTransform {
                item: item(a),
                transform: Transform { quarter_turns: b % 5, ..Transform::at(x, x, 10.0 + x, 90.0) },
            },
            14 => Edit::SetVisible { item: item(a), visible: yes },
            15 => Edit::SetLocked { item: item(a), locked: yes },
            16 => Edit::Reorder { item: item(a), to },
            17 | 18 => Edit::Group { items: vec![item(a), item(b)], group: item(a.wrapping_add(b)), name },
            19 => Edit::Ungroup { group: item(a) },
            20 => Edit::AddSource { source: Source::new(source(a), name, Input::Text(Text::new("hi"))), at },
            21 => Edit::RemoveSource { source: source(a) },
            22 => {
                Edit::ReplaceSource { source: Source::new(source(a), name, Input::Pattern(Plain::default())) }
            }
            23 => {
                if yes {
                    Edit::AddStrip { strip: Strip::new(source(a)), at }
                } else {
                    Edit::RemoveStrip { source: source(a) }
                }
            }
            24 => Edit::SetStrip { strip: Strip { gain_db: x / 10.0, muted: yes, ..Strip::new(source(a)) } },
            _ => {
                let destination = Destination {
                    name: format!("d{}", a % 3),
                    url: "rtmp://host/app".into(),
                    key_ref: yes.then(|| "key".into()),
                    enabled: yes,
                    extra: crate::Extra::new(),
                };
                let name = format!("d{}", b % 3);
                match b % 3 {
                    0 => Edit::AddDestination { destination, at },
                    1 => Edit::RemoveDestination { name },
                    _ => Edit::SetDestination { name, destination },
                }
            }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_edits_taken_back_restore_the_show_exactly(edits in proptest::collection::vec(any_edit(), 1..60), batch: bool) {
        let mut show = starter();
        show.extra.insert("future".into(), 7.into());
        let start = show.clone();
        let mut undo = Vec::new();
        for edit in &edits {
            let before = show.clone();
            let Ok(inverse) = edit.apply(&mut show) else {
                prop_assert_eq!(&show, &before);
                continue;
            };
            prop_assert_eq!(show.check(), Ok(()));
            // Making it again after taking it back comes to the same.
            let mut twin = show.clone();
            let redo = inverse.apply(&mut twin).unwrap();
            prop_assert_eq!(&twin, &before);
            redo.apply(&mut twin).unwrap();
            prop_assert_eq!(&twin, &show);
            undo.push(inverse);
        }
        prop_assert_eq!(Show::parse(&show.to_json()), Ok(show.clone()));
        undo.reverse();
        if batch {
            Edit::Batch { edits: undo }.apply(&mut show).unwrap();
        } else {
            for inverse in undo {
                inverse.apply(&mut show).unwrap();
            }
        }
        prop_assert_eq!(show, start);
    }
}
