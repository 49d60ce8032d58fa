//! The show document: scenes, items, transforms, transitions. Pure data and rules.
//!
//! Owns: what a show is ([`Show`] and its parts), how it is read and checked ([`Show::parse`], [`Show::check`]), how it is
//! changed and changed back ([`Edit`], [`History`]), what a scene comes to ([`Show::place`]) and which scene is on air
//! when ([`Switcher`]). Knows neither files nor devices, pixels nor threads.
//!
//! ```
//! use vitrine_scene::{Canvas, Show};
//!
//! let show = Show::starter(Canvas::PORTRAIT);
//! assert_eq!(Show::parse(&show.to_json()), Ok(show));
//! ```

mod check;
mod edit;
mod history;
mod id;
mod item;
mod parse;
mod place;
mod show;
mod source;
mod starter;
mod switcher;

pub use check::{Fault, MAX_DEPTH, MAX_ITEMS, MAX_PLACEMENTS, Rule};
pub use edit::{Edit, EditError};
pub use history::{History, MAX_STEPS};
pub use id::{ItemId, SceneId, SourceId};
pub use item::{Content, Crop, Fit, Item, Transform};
pub use parse::{MAX_BYTES, ParseError};
pub use place::{PlaceError, Placement, Rect};
pub use show::{Canvas, Destination, Extra, FORMAT, Scene, Show, Strip, Transition, TransitionKind};
pub use source::{
    Align, Camera, CameraMode, Fill, Image, Input, MediaFile, Microphone, Plain, Rgba, Screen, Source, Text,
};
pub use switcher::{From as MixFrom, PREPARE_LIMIT, Programme, Switcher, Tick};
