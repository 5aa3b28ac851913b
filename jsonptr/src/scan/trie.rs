//! The pointers of a set as one tree of names, walked along with the document.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::names::{fingerprint, mark, same};
use crate::Pointer;

/// A place in the tree: the value at hand is one that some pointer names or passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(usize);

impl NodeId {
    /// No pointer leads here.
    pub(super) const NOWHERE: Self = Self(0);
    /// The whole document.
    pub(super) const ROOT: Self = Self(1);
}

#[derive(Clone, Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// Pointers that stand twice in the set: the index, and the one before it that is equal.
    twins: Vec<(usize, usize)>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// The index of the pointer that ends here.
    index: Option<usize>,
    /// One bit for each child's fingerprint.
    marks: u64,
    members: Vec<Member>,
    /// The children whose token is an array index.
    elements: Vec<(usize, NodeId)>,
}

#[derive(Clone, Debug)]
struct Member {
    fingerprint: u32,
    name: Box<[u8]>,
    child: NodeId,
}

impl Trie {
    pub(super) fn new() -> Self {
        Self {
            nodes: alloc::vec![Node::default(), Node::default()],
            twins: Vec::new(),
        }
    }

    pub(super) fn insert(&mut self, pointer: Pointer<'_>, index: usize) {
        let mut at = NodeId::ROOT;
        for token in pointer.tokens() {
            at = self.child_or_new(at, token.decoded().as_bytes(), token.array_index());
        }
        if let Some(node) = self.nodes.get_mut(at.0) {
            match node.index {
                Some(twin) => self.twins.push((index, twin)),
                None => node.index = Some(index),
            }
        }
    }

    fn child_or_new(&mut self, at: NodeId, name: &[u8], element: Option<usize>) -> NodeId {
        let fingerprint = fingerprint(name);
        let held = self.member(at, name, fingerprint);
        if held != NodeId::NOWHERE {
            return held;
        }
        let child = NodeId(self.nodes.len());
        self.nodes.push(Node::default());
        if let Some(node) = self.nodes.get_mut(at.0) {
            node.marks |= mark(fingerprint);
            node.members.push(Member {
                fingerprint,
                name: name.into(),
                child,
            });
            node.elements.extend(element.map(|index| (index, child)));
        }
        child
    }

    /// The child for the member `name`, given unescaped.
    #[inline]
    pub(super) fn member(&self, at: NodeId, name: &[u8], fingerprint: u32) -> NodeId {
        if at == NodeId::NOWHERE {
            return at;
        }
        match self.nodes.get(at.0) {
            Some(node) if node.marks & mark(fingerprint) != 0 => node
                .members
                .iter()
                .find(|member| member.fingerprint == fingerprint && same(&member.name, name))
                .map_or(NodeId::NOWHERE, |member| member.child),
            _ => NodeId::NOWHERE,
        }
    }

    /// The child for the element `index`.
    #[inline]
    pub(super) fn element(&self, at: NodeId, index: usize) -> NodeId {
        if at == NodeId::NOWHERE {
            return at;
        }
        let elements = self.nodes.get(at.0).map_or(&[][..], |node| &node.elements);
        let found = elements.iter().find(|(element, _)| *element == index);
        found.map_or(NodeId::NOWHERE, |(_, child)| *child)
    }

    /// The index of the pointer that ends here.
    #[inline]
    pub(super) fn index(&self, at: NodeId) -> Option<usize> {
        self.nodes.get(at.0)?.index
    }

    pub(super) fn twins(&self) -> &[(usize, usize)] {
        &self.twins
    }
}
