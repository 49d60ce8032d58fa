//! What makes a show valid.
//!
//! Owns: every rule about ids, references, numbers and sizes, and where in the document one is broken. A show that
//! passes can be placed, drawn and saved without further doubt. Pure; linear in the size of the document.

use std::collections::{HashMap, HashSet};

use vitrine_media::FrameRate;

use crate::id::{ItemId, SceneId, SourceId};
use crate::item::{Content, Crop, Item, Transform};
use crate::show::{Canvas, Destination, Show};
use crate::source::{Input, Source};

/// Items in a show.
pub const MAX_ITEMS: usize = 5_000;
/// Items of one scene once the scenes it shows are counted in.
pub const MAX_PLACEMENTS: usize = 5_000;
/// Groups and scenes within each other.
pub const MAX_DEPTH: usize = 16;
const MAX_SCENES: usize = 500;
const MAX_SOURCES: usize = 1_000;
const MAX_DESTINATIONS: usize = 50;
const MAX_NAME: usize = 500;
const MAX_TEXT: usize = 20_000;
/// Farthest coordinate and largest length, in canvas units.
const MAX_LENGTH: f32 = 100_000.0;

/// A broken rule, and where.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{path}: {rule}")]
pub struct Fault {
    /// Where, as `scenes[0].items[2].transform.width`.
    pub path: String,
    /// What is wrong.
    pub rule: Rule,
}

/// What can be wrong with a document that can be read. Each says what to put right.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rule {
    /// Two things have one id (or two destinations one name): rename one.
    #[error("{0:?} is used twice")]
    Duplicate(String),
    /// Something is referred to that is not there: add it, or remove the reference.
    #[error("there is no {what} {id:?}")]
    Dangling {
        /// `source` or `scene`.
        what: &'static str,
        /// The id looked for.
        id: String,
    },
    /// A scene shows itself, perhaps through others: take one of them out.
    #[error("scene {0:?} shows itself")]
    Cycle(String),
    /// More than a show can hold: remove some.
    #[error("{found} {what}, at most {limit} are possible")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Groups or scenes within each other beyond [`MAX_DEPTH`]: ungroup some.
    #[error("nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// A number outside what makes sense: change it.
    #[error("{value} is not from {min} to {max}")]
    Range {
        /// The number.
        value: f64,
        /// Least allowed.
        min: f64,
        /// Most allowed.
        max: f64,
    },
    /// A canvas side that video cannot have: make it even.
    #[error("{0} is odd; video needs an even number")]
    Odd(u32),
    /// A frame rate outside 1 to 240.
    #[error("a frame rate must be from 1 to 240")]
    Rate,
    /// An id that is empty, too long or has control characters: choose another.
    #[error("an id has 1 to 64 bytes and no control characters")]
    Id,
    /// A name or text that is too long: shorten it.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// A show without a scene: add one.
    #[error("a show needs at least one scene")]
    NoScene,
    /// A source without a picture in a scene: put it into the mixer instead.
    #[error("source {0:?} has no picture")]
    NoPicture(String),
    /// A source without sound in the mixer: put it into a scene instead.
    #[error("source {0:?} has no sound")]
    NoSound(String),
    /// A group or scene with a crop: crop its items.
    #[error("a group cannot be cropped")]
    CroppedGroup,
    /// A destination that is not a stream address.
    #[error("a destination is rtmp://host/app or rtmps://host/app")]
    Url,
    /// A destination whose address holds a password, a query or the like: keep that outside the show.
    #[error("an address in a show must not hold a user, a password or a query; keep them in the key")]
    UrlSecret,
}

type Checked = Result<(), Fault>;

fn fault(path: impl Into<String>, rule: Rule) -> Fault {
    Fault { path: path.into(), rule }
}

fn ensure(good: bool, path: impl FnOnce() -> String, rule: impl FnOnce() -> Rule) -> Checked {
    if good { Ok(()) } else { Err(Fault { path: path(), rule: rule() }) }
}

fn within(value: f32, min: f32, max: f32, path: impl FnOnce() -> String) -> Checked {
    // A comparison with NaN is false, so NaN is out of every range.
    ensure(value >= min && value <= max, path, || Rule::Range {
        value: value.into(),
        min: min.into(),
        max: max.into(),
    })
}

fn at_most(found: usize, limit: usize, what: &'static str) -> Checked {
    ensure(found <= limit, || what.to_owned(), || Rule::TooMany { what, found, limit })
}

fn short(text: &str, limit: usize, path: impl FnOnce() -> String) -> Checked {
    ensure(text.len() <= limit, path, || Rule::TooLong { limit })
}

impl Show {
    /// Finds the first broken rule. [`Show::parse`] and [`crate::Edit::apply`] call it; a show put together by hand
    /// should be checked once.
    pub fn check(&self) -> Result<(), Fault> {
        short(&self.name, MAX_NAME, || "name".into())?;
        check_canvas(self.canvas)?;
        ensure(!self.scenes.is_empty(), || "scenes".into(), || Rule::NoScene)?;
        at_most(self.scenes.len(), MAX_SCENES, "scenes")?;
        at_most(self.sources.len(), MAX_SOURCES, "sources")?;
        at_most(self.strips.len(), MAX_SOURCES, "strips")?;
        at_most(self.destinations.len(), MAX_DESTINATIONS, "destinations")?;
        within(self.transition.duration_millis as f32, 0.0, 10_000.0, || {
            "transition.duration_millis".into()
        })?;
        let sources = self.check_sources()?;
        self.check_scenes(&sources)?;
        self.check_strips(&sources)?;
        self.check_destinations()
    }

    fn check_sources(&self) -> Result<HashMap<&SourceId, &Input>, Fault> {
        let mut known = HashMap::new();
        for (n, source) in self.sources.iter().enumerate() {
            let path = |field: &str| format!("sources[{n}].{field}");
            ensure(source.id.is_valid(), || path("id"), || Rule::Id)?;
            check_source(source, path)?;
            let new = known.insert(&source.id, &source.input).is_none();
            ensure(new, || path("id"), || Rule::Duplicate(source.id.to_string()))?;
        }
        Ok(known)
    }

    fn check_scenes(&self, sources: &HashMap<&SourceId, &Input>) -> Checked {
        let mut scenes = HashSet::new();
        for (n, scene) in self.scenes.iter().enumerate() {
            let path = |field: &str| format!("scenes[{n}].{field}");
            ensure(scene.id.is_valid(), || path("id"), || Rule::Id)?;
            short(&scene.name, MAX_NAME, || path("name"))?;
            let new = scenes.insert(&scene.id);
            ensure(new, || path("id"), || Rule::Duplicate(scene.id.to_string()))?;
        }
        let mut items = Items { sources, scenes: &scenes, seen: HashSet::new() };
        for (n, scene) in self.scenes.iter().enumerate() {
            items.check(&scene.items, &format!("scenes[{n}].items"), 1)?;
        }
        let mut nesting = Nesting { show: self, done: HashMap::new(), open: Vec::new() };
        for (n, scene) in self.scenes.iter().enumerate() {
            nesting.measure(&scene.id).map_err(|rule| fault(format!("scenes[{n}]"), rule))?;
        }
        Ok(())
    }

    fn check_strips(&self, sources: &HashMap<&SourceId, &Input>) -> Checked {
        let mut seen = HashSet::new();
        for (n, strip) in self.strips.iter().enumerate() {
            let path = |field: &str| format!("strips[{n}].{field}");
            let id = || strip.source.to_string();
            let input = sources.get(&strip.source);
            let input =
                input.ok_or_else(|| fault(path("source"), Rule::Dangling { what: "source", id: id() }))?;
            ensure(input.has_sound(), || path("source"), || Rule::NoSound(id()))?;
            ensure(seen.insert(&strip.source), || path("source"), || Rule::Duplicate(id()))?;
            within(strip.gain_db, -96.0, 24.0, || path("gain_db"))?;
        }
        Ok(())
    }

    fn check_destinations(&self) -> Checked {
        let mut seen = HashSet::new();
        for (n, destination) in self.destinations.iter().enumerate() {
            let Destination { name, url, key_ref, .. } = destination;
            let path = |field: &str| format!("destinations[{n}].{field}");
            short(name, MAX_NAME, || path("name"))?;
            short(key_ref.as_deref().unwrap_or_default(), MAX_NAME, || path("key_ref"))?;
            short(url, MAX_NAME, || path("url"))?;
            ensure(seen.insert(name), || path("name"), || Rule::Duplicate(name.clone()))?;
            check_url(url).map_err(|rule| fault(path("url"), rule))?;
        }
        Ok(())
    }
}

/// Refuses what is no stream address and what may hold a secret. Never repeats the address.
fn check_url(url: &str) -> Result<(), Rule> {
    let lower = url.to_ascii_lowercase();
    let rest =
        ["rtmp://", "rtmps://"].iter().find_map(|scheme| lower.strip_prefix(scheme)).ok_or(Rule::Url)?;
    if rest.contains(['@', '?', '#']) {
        return Err(Rule::UrlSecret);
    }
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Rule::Url);
    }
    Ok(())
}

fn check_canvas(canvas: Canvas) -> Checked {
    for (field, side) in [("width", canvas.width), ("height", canvas.height)] {
        let path = || format!("canvas.{field}");
        let range = Rule::Range { value: side.into(), min: 16.0, max: 7680.0 };
        ensure((16..=7680).contains(&side), path, || range)?;
        ensure(side % 2 == 0, path, || Rule::Odd(side))?;
    }
    // A rate read from a file has not passed through its constructor.
    let rate = FrameRate::new(canvas.rate.num(), canvas.rate.den());
    ensure(rate.is_some(), || "canvas.rate".into(), || Rule::Rate)
}

fn check_source(source: &Source, path: impl Fn(&str) -> String) -> Checked {
    short(&source.name, MAX_NAME, || path("name"))?;
    let long = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let (field, len) = match &source.input {
        Input::Camera(camera) => ("input.device", long(&camera.device)),
        Input::Microphone(microphone) => ("input.device", long(&microphone.device)),
        Input::Screen(screen) => ("input.title", long(&screen.title)),
        Input::File(file) => ("input.path", file.path.len()),
        Input::Image(image) => ("input.path", image.path.len()),
        Input::Text(text) => {
            within(text.size, 1.0, 2000.0, || path("input.size"))?;
            within(text.wrap_width.unwrap_or(1.0), 1.0, MAX_LENGTH, || path("input.wrap_width"))?;
            ("input.text", text.text.len())
        }
        _ => return Ok(()),
    };
    ensure(len <= MAX_TEXT, || path(field), || Rule::TooLong { limit: MAX_TEXT })
}

/// The walk over all items.
struct Items<'a> {
    sources: &'a HashMap<&'a SourceId, &'a Input>,
    scenes: &'a HashSet<&'a SceneId>,
    seen: HashSet<&'a ItemId>,
}

impl<'a> Items<'a> {
    fn check(&mut self, items: &'a [Item], path: &str, depth: usize) -> Checked {
        ensure(depth <= MAX_DEPTH, || path.to_owned(), || Rule::TooDeep)?;
        for (n, item) in items.iter().enumerate() {
            let path = |field: &str| format!("{path}[{n}].{field}");
            ensure(item.id.is_valid(), || path("id"), || Rule::Id)?;
            short(&item.name, MAX_NAME, || path("name"))?;
            ensure(self.seen.insert(&item.id), || path("id"), || Rule::Duplicate(item.id.to_string()))?;
            at_most(self.seen.len(), MAX_ITEMS, "items")?;
            check_transform(&item.transform, path)?;
            if !matches!(item.content, Content::Source(_)) {
                let crop = item.transform.crop;
                ensure(crop.is_none(), || path("transform.crop"), || Rule::CroppedGroup)?;
            }
            match &item.content {
                Content::Group(children) => self.check(children, &path("items"), depth + 1)?,
                Content::Source(id) => {
                    let input = self.sources.get(id);
                    let missing =
                        || fault(path("source"), Rule::Dangling { what: "source", id: id.to_string() });
                    let input = input.ok_or_else(missing)?;
                    ensure(input.has_picture(), || path("source"), || Rule::NoPicture(id.to_string()))?;
                }
                Content::Scene(id) => ensure(
                    self.scenes.contains(id),
                    || path("scene"),
                    || Rule::Dangling { what: "scene", id: id.to_string() },
                )?,
            }
        }
        Ok(())
    }
}

fn check_transform(transform: &Transform, path: impl Fn(&str) -> String) -> Checked {
    let Transform { x, y, width, height, crop, quarter_turns, opacity, .. } = *transform;
    within(x, -MAX_LENGTH, MAX_LENGTH, || path("transform.x"))?;
    within(y, -MAX_LENGTH, MAX_LENGTH, || path("transform.y"))?;
    within(width, f32::MIN_POSITIVE, MAX_LENGTH, || path("transform.width"))?;
    within(height, f32::MIN_POSITIVE, MAX_LENGTH, || path("transform.height"))?;
    within(opacity, 0.0, 1.0, || path("transform.opacity"))?;
    within(f32::from(quarter_turns), 0.0, 3.0, || path("transform.quarter_turns"))?;
    let Crop { left, top, right, bottom } = crop;
    let most = left.max(top).max(right).max(bottom);
    within(most as f32, 0.0, MAX_LENGTH, || path("transform.crop"))
}

/// Cycles of scenes, their depth, and how many items a scene comes to: ten scenes that each show the next ten times
/// are ten thousand million.
struct Nesting<'a> {
    show: &'a Show,
    done: HashMap<&'a SceneId, (usize, usize)>,
    open: Vec<&'a SceneId>,
}

impl<'a> Nesting<'a> {
    /// (items, depth) of a scene with everything in it.
    fn measure(&mut self, id: &'a SceneId) -> Result<(usize, usize), Rule> {
        if let Some(known) = self.done.get(id) {
            return Ok(*known);
        }
        if self.open.contains(&id) {
            return Err(Rule::Cycle(id.to_string()));
        }
        let show = self.show;
        self.open.push(id);
        let items = show.scene(id).map_or(&[][..], |scene| &scene.items);
        let (count, depth) = self.measure_items(items)?;
        self.open.pop();
        if depth > MAX_DEPTH {
            return Err(Rule::TooDeep);
        }
        if count > MAX_PLACEMENTS {
            return Err(Rule::TooMany { what: "items in one scene", found: count, limit: MAX_PLACEMENTS });
        }
        self.done.insert(id, (count, depth));
        Ok((count, depth))
    }

    fn measure_items(&mut self, items: &'a [Item]) -> Result<(usize, usize), Rule> {
        let (mut count, mut depth) = (0usize, 1);
        for item in items {
            let (more, below) = match &item.content {
                Content::Source(_) => (1, 0),
                Content::Group(children) => self.measure_items(children)?,
                Content::Scene(id) => self.measure(id)?,
            };
            count = count.saturating_add(more);
            depth = depth.max(below + 1);
        }
        Ok((count, depth))
    }
}
