use super::*;
use crate::show::Scene;
use proptest::prelude::*;

fn show(items: Vec<Item>) -> Show {
    let mut show = Show::starter(Canvas::LANDSCAPE);
    show.scenes[0].items = items;
    show.check().unwrap();
    show
}

fn camera(id: &str, transform: Transform) -> Item {
    Item::new(id, "", Content::Source("camera".into()), transform)
}

fn rect(x: f32, y: f32, width: f32, height: f32) -> Rect {
    Rect { x, y, width, height }
}

#[test]
fn items_are_placed_back_to_front_and_hidden_ones_left_out() {
    let place = Transform::at(1.0, 2.0, 30.0, 40.0);
    let mut hidden = camera("hidden", place);
    hidden.visible = false;
    let clear = camera("clear", Transform { opacity: 0.0, ..place });
    let mut group = Item::new("group", "", Content::Group(vec![camera("in", place)]), place);
    group.visible = false;
    let show = show(vec![camera("back", place), hidden, clear, group, camera("front", place)]);
    let placed = show.place(&"main".into()).unwrap();
    let items: Vec<&str> = placed.iter().map(|p| p.item.as_str()).collect();
    assert_eq!(items, ["back", "front"]);
    assert_eq!(placed[0].dest, rect(1.0, 2.0, 30.0, 40.0));
    assert_ne!(placed[0].key, placed[1].key);
    assert_eq!(show.sources_of(&"main".into()), ["camera".into()]);
    assert_eq!(show.place(&"gone".into()), Err(PlaceError::NoSuchScene("gone".into())));
}

#[test]
fn a_group_moves_scales_turns_and_fades_what_is_in_it() {
    let child = camera("c", Transform { opacity: 0.5, ..Transform::at(960.0, 0.0, 960.0, 540.0) });
    let group = |transform| show(vec![Item::new("g", "", Content::Group(vec![child.clone()]), transform)]);
    let only = |show: Show| show.place(&"main".into()).unwrap().remove(0);

    let same = only(group(Transform::full(Canvas::LANDSCAPE)));
    assert_eq!(same.dest, rect(960.0, 0.0, 960.0, 540.0));
    let half = Transform { opacity: 0.5, ..Transform::at(100.0, 200.0, 960.0, 540.0) };
    let half = only(group(half));
    assert_eq!((half.dest, half.opacity), (rect(580.0, 200.0, 480.0, 270.0), 0.25));
    // Turned clockwise, the upper right quarter comes to the lower right.
    let turned = Transform { quarter_turns: 1, ..Transform::at(0.0, 0.0, 1080.0, 1920.0) };
    let turned = only(group(turned));
    assert_eq!((turned.dest, turned.quarter_turns), (rect(540.0, 960.0, 540.0, 960.0), 1));
}

#[test]
fn a_scene_in_a_scene_is_placed_like_a_group_and_every_showing_has_its_own_key() {
    let mut show = show(vec![camera("c", Transform::full(Canvas::LANDSCAPE))]);
    let mut wall = Scene::new("wall", "");
    wall.items = (0..2)
        .map(|n| {
            let place = Transform::at(960.0 * n as f32, 0.0, 960.0, 540.0);
            Item::new(format!("m{n}").as_str(), "", Content::Scene("main".into()), place)
        })
        .collect();
    show.scenes.push(wall);
    show.check().unwrap();
    let placed = show.place(&"wall".into()).unwrap();
    assert_eq!(placed[1].dest, rect(960.0, 0.0, 960.0, 540.0));
    assert_eq!(placed[0].item, placed[1].item);
    assert_ne!(placed[0].key, placed[1].key);
}

#[test]
fn a_circle_of_scenes_put_together_by_hand_is_an_error_not_a_hang() {
    let mut show = Show::starter(Canvas::LANDSCAPE);
    let place = Transform::full(Canvas::LANDSCAPE);
    show.scenes[0].items.push(Item::new("self", "", Content::Scene("main".into()), place));
    assert_eq!(show.place(&"main".into()), Err(PlaceError::TooDeep("main".into())));
}

#[test]
fn fits_keep_or_fill_or_pull() {
    let placement = |fit, quarter_turns, crop| Placement {
        item: "i".into(),
        key: 0,
        source: "s".into(),
        crop,
        dest: rect(0.0, 0.0, 1000.0, 1000.0),
        quarter_turns,
        opacity: 1.0,
        fit,
    };
    let none = Crop::default();
    let resolve = |fit, turns, crop| placement(fit, turns, crop).resolve(1600, 800).unwrap();
    assert_eq!(resolve(Fit::Stretch, 0, none), (none, rect(0.0, 0.0, 1000.0, 1000.0)));
    assert_eq!(resolve(Fit::Contain, 0, none), (none, rect(0.0, 250.0, 1000.0, 500.0)));
    assert_eq!(resolve(Fit::Contain, 1, none), (none, rect(250.0, 0.0, 500.0, 1000.0)));
    let sides = Crop { left: 400, right: 400, ..none };
    assert_eq!(resolve(Fit::Cover, 0, none), (sides, rect(0.0, 0.0, 1000.0, 1000.0)));
    assert_eq!(resolve(Fit::Cover, 3, none).0, sides);
    let mine = Crop { left: 800, ..none };
    assert_eq!(resolve(Fit::Cover, 0, mine).0, mine);
    assert_eq!(placement(Fit::Cover, 0, Crop { left: 900, right: 700, ..none }).resolve(1600, 800), None);
    assert_eq!(placement(Fit::Cover, 0, Crop { left: u32::MAX, right: 9, ..none }).resolve(1600, 800), None);
}

proptest! {
    #[test]
    fn a_resolved_picture_stays_in_its_rectangle_and_leaves_something_of_its_source(
        w in 1u32..5000, h in 1u32..5000, turns in 0u8..4, cover: bool,
        dest in (0.1f32..5000.0, 0.1f32..5000.0), crop in (0u32..3000, 0u32..3000, 0u32..3000, 0u32..3000),
    ) {
        let placement = Placement {
            item: "i".into(), key: 0, source: "s".into(),
            crop: Crop { left: crop.0, top: crop.1, right: crop.2, bottom: crop.3 },
            dest: rect(10.0, 20.0, dest.0, dest.1), quarter_turns: turns, opacity: 1.0,
            fit: if cover { Fit::Cover } else { Fit::Contain },
        };
        if let Some((crop, rect)) = placement.resolve(w, h) {
            prop_assert!(crop.left + crop.right < w && crop.top + crop.bottom < h);
            prop_assert!(rect.width > 0.0 && rect.height > 0.0);
            prop_assert!(rect.x >= 9.99 && rect.y >= 19.99);
            prop_assert!(rect.x + rect.width <= 10.0 + dest.0 * 1.0001 + 0.01);
            prop_assert!(rect.y + rect.height <= 20.0 + dest.1 * 1.0001 + 0.01);
        }
    }
}
