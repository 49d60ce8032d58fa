//! Undo.
//!
//! Owns: the steps that can be taken back and made again. A gesture (a drag, a slider, a typing run) is one step however
//! many edits it takes. Bounded: the oldest of more than 500 steps is forgotten. Pure; one thread.

use std::collections::VecDeque;

use crate::edit::{Edit, EditError};
use crate::show::Show;

/// Steps kept.
pub const MAX_STEPS: usize = 500;

#[derive(Clone, Debug)]
struct Step {
    /// What takes it back (or, once taken back, makes it again), in order.
    edits: Vec<Edit>,
    gesture: Option<u64>,
}

/// The steps of one show. Every edit of that show goes through here, else the inverses no longer fit.
#[derive(Clone, Debug, Default)]
pub struct History {
    done: VecDeque<Step>,
    undone: Vec<Step>,
}

impl History {
    /// No steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a change and remembers it. Successive edits with the same `gesture` are one step. Steps that were taken
    /// back are forgotten.
    pub fn apply(&mut self, show: &mut Show, edit: &Edit, gesture: Option<u64>) -> Result<(), EditError> {
        let inverse = edit.apply(show)?;
        self.undone.clear();
        match self.done.back_mut() {
            Some(step) if gesture.is_some() && step.gesture == gesture => add_to(&mut step.edits, inverse),
            _ => self.done.push_back(Step { edits: vec![inverse], gesture }),
        }
        if self.done.len() > MAX_STEPS {
            self.done.pop_front();
        }
        Ok(())
    }

    /// Takes back the last step; `false` if there is none.
    pub fn undo(&mut self, show: &mut Show) -> Result<bool, EditError> {
        let Some(step) = self.done.back() else { return Ok(false) };
        let edits = replay(show, &step.edits)?;
        self.done.pop_back();
        self.undone.push(Step { edits, gesture: None });
        Ok(true)
    }

    /// Makes again what was last taken back; `false` if there is nothing.
    pub fn redo(&mut self, show: &mut Show) -> Result<bool, EditError> {
        let Some(step) = self.undone.last() else { return Ok(false) };
        let edits = replay(show, &step.edits)?;
        self.undone.pop();
        self.done.push_back(Step { edits, gesture: None });
        Ok(true)
    }

    /// The edit that the next undo makes first, from which the window names it.
    pub fn next_undo(&self) -> Option<&Edit> {
        self.done.back().and_then(|step| step.edits.last())
    }

    /// The edit that the next redo makes first.
    pub fn next_redo(&self) -> Option<&Edit> {
        self.undone.last().and_then(|step| step.edits.last())
    }
}

/// Adds an inverse to a gesture. A drag sets the same property many times; the first inverse already leads back to the
/// start, so a later one of the same kind on the same item adds nothing.
fn add_to(edits: &mut Vec<Edit>, inverse: Edit) {
    let same = |old: &Edit| match (old, &inverse) {
        (Edit::SetTransform { item: a, .. }, Edit::SetTransform { item: b, .. })
        | (Edit::RenameItem { item: a, .. }, Edit::RenameItem { item: b, .. }) => a == b,
        (Edit::SetStrip { strip: a }, Edit::SetStrip { strip: b }) => a.source == b.source,
        (Edit::RenameScene { scene: a, .. }, Edit::RenameScene { scene: b, .. }) => a == b,
        (Edit::ReplaceSource { source: a }, Edit::ReplaceSource { source: b }) => a.id == b.id,
        _ => false,
    };
    if !edits.last().is_some_and(same) {
        edits.push(inverse);
    }
}

/// Makes `edits` from the last to the first; returns their inverses in the order in which they were made.
fn replay(show: &mut Show, edits: &[Edit]) -> Result<Vec<Edit>, EditError> {
    let mut inverses = Vec::with_capacity(edits.len());
    for edit in edits.iter().rev() {
        inverses.push(edit.apply(show)?);
    }
    Ok(inverses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::Transform;
    use crate::show::Canvas;

    fn moved(x: f32) -> Edit {
        Edit::SetTransform { item: "camera".into(), transform: Transform::at(x, 0.0, 100.0, 100.0) }
    }

    #[test]
    fn a_drag_is_one_step_and_redo_brings_it_back() {
        let mut show = Show::starter(Canvas::LANDSCAPE);
        let start = show.clone();
        let mut history = History::new();
        for x in 0..60 {
            history.apply(&mut show, &moved(x as f32), Some(1)).unwrap();
        }
        history.apply(&mut show, &Edit::RenameShow { name: "Friday".into() }, None).unwrap();
        let end = show.clone();
        assert!(history.undo(&mut show).unwrap() && history.undo(&mut show).unwrap());
        assert_eq!(show, start);
        assert!(!history.undo(&mut show).unwrap());
        assert!(history.redo(&mut show).unwrap() && history.redo(&mut show).unwrap());
        assert_eq!(show, end);
        assert!(!history.redo(&mut show).unwrap());
    }

    #[test]
    fn a_new_edit_forgets_what_was_taken_back_and_old_steps_fall_off() {
        let mut show = Show::starter(Canvas::LANDSCAPE);
        let mut history = History::new();
        for n in 0..MAX_STEPS + 20 {
            history.apply(&mut show, &moved(n as f32), Some(n as u64)).unwrap();
        }
        assert!(history.undo(&mut show).unwrap());
        history.apply(&mut show, &moved(-5.0), None).unwrap();
        assert!(history.next_redo().is_none());
        let mut steps = 0;
        while history.undo(&mut show).unwrap() {
            steps += 1;
        }
        assert_eq!(steps, MAX_STEPS);
    }

    #[test]
    fn a_refused_edit_is_no_step() {
        let mut show = Show::starter(Canvas::LANDSCAPE);
        let mut history = History::new();
        assert!(history.apply(&mut show, &moved(f32::NAN), None).is_err());
        assert!(!history.undo(&mut show).unwrap());
    }
}
