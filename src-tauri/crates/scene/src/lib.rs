//! The show document: scenes, items, transforms, transitions. Pure data and rules.
