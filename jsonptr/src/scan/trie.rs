//! The pointers of a set as one tree of names, walked along with the document.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::names::{contains, fingerprint};
use crate::pointer::Pointer;

/// A place in the tree: the value at hand is one that some pointer names or passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(usize);

#[derive(Clone, Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// For each index of the set, the slot that holds its result: equal pointers share one.
    slots: Vec<usize>,
    slot_count: usize,
}

#[derive(Clone, Debug, Default)]
struct Node {
    slot: Option<usize>,
    /// The fingerprints of `children`, apart so that one comparison looks at several.
    fingerprints: Vec<u32>,
    children: Vec<(Box<[u8]>, NodeId)>,
    /// The children whose token is an array index.
    elements: Vec<(usize, NodeId)>,
}

impl Trie {
    pub(super) fn new() -> Self {
        Self {
            nodes: alloc::vec![Node::default()],
            slots: Vec::new(),
            slot_count: 0,
        }
    }

    pub(super) const ROOT: NodeId = NodeId(0);

    pub(super) fn insert(&mut self, pointer: Pointer<'_>, index: usize) {
        let mut at = Self::ROOT;
        for token in pointer.tokens() {
            at = self.child_or_new(at, &token.decoded(), token.array_index());
        }
        let next = self.slot_count;
        let slot = self
            .nodes
            .get_mut(at.0)
            .map_or(next, |node| *node.slot.get_or_insert(next));
        self.slot_count = self.slot_count.max(slot.saturating_add(1));
        self.slots.insert(index, slot);
    }

    fn child_or_new(&mut self, at: NodeId, name: &str, element: Option<usize>) -> NodeId {
        if let Some(child) = self.member(at, name.as_bytes(), fingerprint(name.as_bytes())) {
            return child;
        }
        let child = NodeId(self.nodes.len());
        self.nodes.push(Node::default());
        if let Some(node) = self.nodes.get_mut(at.0) {
            node.fingerprints.push(fingerprint(name.as_bytes()));
            node.children.push((name.as_bytes().into(), child));
            node.elements.extend(element.map(|index| (index, child)));
        }
        child
    }

    /// The child for the member `name`, given unescaped.
    #[inline]
    pub(super) fn member(&self, at: NodeId, name: &[u8], fingerprint: u32) -> Option<NodeId> {
        let node = self.nodes.get(at.0)?;
        if !contains(&node.fingerprints, fingerprint) {
            return None;
        }
        node.children
            .iter()
            .find(|(child, _)| **child == *name)
            .map(|(_, id)| *id)
    }

    /// The child for the element `index`.
    #[inline]
    pub(super) fn element(&self, at: NodeId, index: usize) -> Option<NodeId> {
        let node = self.nodes.get(at.0)?;
        node.elements
            .iter()
            .find(|(element, _)| *element == index)
            .map(|(_, id)| *id)
    }

    /// Where the result of the pointer that ends here goes.
    #[inline]
    pub(super) fn slot(&self, at: NodeId) -> Option<usize> {
        self.nodes.get(at.0)?.slot
    }

    pub(super) fn slots(&self) -> &[usize] {
        &self.slots
    }

    pub(super) fn slot_count(&self) -> usize {
        self.slot_count
    }
}
