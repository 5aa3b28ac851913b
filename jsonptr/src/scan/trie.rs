//! The pointers of a set as one tree of names, walked along with the document.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::names::{Marks, fingerprint, same};
use crate::Pointer;

/// A node by its number, for the scanner's stack, which outlives the borrow of one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(usize);

impl NodeId {
    /// No pointer leads here.
    pub(super) const NOWHERE: Self = Self(usize::MAX);
    /// The whole document.
    pub(super) const ROOT: Self = Self(0);
}

#[derive(Clone, Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// No pointer leads here.
    nowhere: Node,
    /// Pointers that stand twice in the set: the index, and the one before it that is equal.
    twins: Vec<(usize, usize)>,
}

/// A place in the tree: the value at hand is one that some pointer names or passes through.
#[derive(Clone, Debug)]
pub(super) struct Node {
    id: NodeId,
    /// The index of the pointer that ends here, or [`NONE`].
    index: usize,
    /// One bit for each child's fingerprint.
    marks: Marks,
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
            nodes: alloc::vec![Node::new(NodeId::ROOT)],
            nowhere: Node::new(NodeId::NOWHERE),
            twins: Vec::new(),
        }
    }

    pub(super) fn insert(&mut self, pointer: Pointer<'_>, index: usize) {
        let mut at = NodeId::ROOT;
        for token in pointer.tokens() {
            at = self.child_or_new(at, token.decoded().as_bytes(), token.array_index());
        }
        if let Some(node) = self.nodes.get_mut(at.0) {
            if node.index == NONE {
                node.index = index;
            } else {
                self.twins.push((index, node.index));
            }
        }
    }

    fn child_or_new(&mut self, at: NodeId, name: &[u8], element: Option<usize>) -> NodeId {
        let fingerprint = fingerprint(name);
        let held = self.node(at).member(self, name, fingerprint).id;
        if held != NodeId::NOWHERE {
            return held;
        }
        let child = NodeId(self.nodes.len());
        self.nodes.push(Node::new(child));
        if let Some(node) = self.nodes.get_mut(at.0) {
            node.marks.add(fingerprint);
            node.members.push(Member {
                fingerprint,
                name: name.into(),
                child,
            });
            node.elements.extend(element.map(|index| (index, child)));
        }
        child
    }

    /// The whole document.
    pub(super) fn root(&self) -> &Node {
        self.node(NodeId::ROOT)
    }

    #[inline]
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0).unwrap_or(&self.nowhere)
    }

    pub(super) fn twins(&self) -> &[(usize, usize)] {
        &self.twins
    }
}

impl Node {
    fn new(id: NodeId) -> Self {
        Self {
            id,
            index: NONE,
            marks: Marks::default(),
            members: Vec::new(),
            elements: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn id(&self) -> NodeId {
        self.id
    }

    /// The index of the pointer that ends here; past the end of all results if none does.
    #[inline]
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// The child for the member `name`, given unescaped.
    #[inline]
    pub(super) fn member<'t>(&self, trie: &'t Trie, name: &[u8], fingerprint: u32) -> &'t Node {
        if self.marks.may_hold(fingerprint) {
            self.search(trie, name, fingerprint)
        } else {
            &trie.nowhere
        }
    }

    #[inline(never)]
    fn search<'t>(&self, trie: &'t Trie, name: &[u8], fingerprint: u32) -> &'t Node {
        let found = self
            .members
            .iter()
            .find(|member| member.fingerprint == fingerprint && same(&member.name, name));
        found.map_or(&trie.nowhere, |member| trie.node(member.child))
    }

    /// The child for the element `index`.
    #[inline]
    pub(super) fn element<'t>(&self, trie: &'t Trie, index: usize) -> &'t Node {
        let found = self.elements.iter().find(|(element, _)| *element == index);
        found.map_or(&trie.nowhere, |(_, child)| trie.node(*child))
    }
}

/// No pointer: past the end of all results.
const NONE: usize = usize::MAX;
