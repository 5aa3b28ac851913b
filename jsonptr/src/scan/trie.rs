//! The pointers of a set as one tree of names, walked along with the document.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::names::{Key, is_same};
use crate::Pointer;

/// A node by its number, for the scanner's stack, which outlives the borrow of one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(usize);

impl NodeId {
    /// No pointer leads here.
    pub(super) const NOWHERE: Self = Self(usize::MAX);
    /// The whole document.
    pub(super) const ROOT: Self = Self(0);

    /// Its place among the nodes.
    #[inline]
    pub(super) fn place(self) -> usize {
        self.0
    }
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
    /// The token that leads here.
    name: Box<[u8]>,
    key: Key,
    /// The index of the pointer that ends here, or [`NONE`].
    index: usize,
    children: Vec<NodeId>,
    /// The children, each at the place that the hash of its key says or, where that was taken, at
    /// the next one that was free. At least seven of eight places are free, so most are found at
    /// the first.
    by_hash: Vec<NodeId>,
    /// The children whose token is an array index.
    elements: Vec<(usize, NodeId)>,
}

impl Trie {
    pub(super) fn new() -> Self {
        Self {
            nodes: alloc::vec![Node::new(NodeId::ROOT, &[], Key::NONE)],
            nowhere: Node::new(NodeId::NOWHERE, &[], Key::NONE),
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
        let key = Key::of(name);
        let held = self.node(at).member(self, name, key).id;
        if held != NodeId::NOWHERE {
            return held;
        }
        let child = NodeId(self.nodes.len());
        self.nodes.push(Node::new(child, name, key));
        if let Some(node) = self.nodes.get_mut(at.0) {
            node.children.push(child);
            node.elements.extend(element.map(|index| (index, child)));
        }
        let by_hash = self.by_hash(&self.node(at).children);
        if let Some(node) = self.nodes.get_mut(at.0) {
            node.by_hash = by_hash;
        }
        child
    }

    /// [`Node::by_hash`] of these children.
    fn by_hash(&self, children: &[NodeId]) -> Vec<NodeId> {
        let places = children.len().saturating_mul(8).next_power_of_two();
        let mut by_hash = alloc::vec![NodeId::NOWHERE; places];
        for &child in children {
            let first = self.node(child).key.hash() & places.wrapping_sub(1);
            let (before, from) = by_hash.split_at_mut(first);
            let mut places = from.iter_mut().chain(before);
            if let Some(free) = places.find(|place| **place == NodeId::NOWHERE) {
                *free = child;
            }
        }
        by_hash
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
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
    fn new(id: NodeId, name: &[u8], key: Key) -> Self {
        Self {
            id,
            name: name.into(),
            key,
            index: NONE,
            children: Vec::new(),
            by_hash: Vec::new(),
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

    /// The child for the member `name`, given unescaped, with its key.
    #[inline]
    pub(super) fn member<'t>(&self, trie: &'t Trie, name: &[u8], key: Key) -> &'t Node {
        if self.by_hash.is_empty() {
            return &trie.nowhere;
        }
        let first = self.child_at(trie, key.hash());
        if first.is(name, key) || first.id == NodeId::NOWHERE {
            first
        } else {
            self.search(trie, name, key)
        }
    }

    /// What [`member`](Self::member) answers where the first place is taken.
    #[inline(never)]
    fn search<'t>(&self, trie: &'t Trie, name: &[u8], key: Key) -> &'t Node {
        let first = key.hash();
        (first..first.wrapping_add(self.by_hash.len()))
            .map(|place| self.child_at(trie, place))
            .find(|child| child.is(name, key) || child.id == NodeId::NOWHERE)
            .unwrap_or(&trie.nowhere)
    }

    /// The child at a place, counted round and round.
    #[inline]
    fn child_at<'t>(&self, trie: &'t Trie, place: usize) -> &'t Node {
        // INVARIANT: there is no place, or their number is a power of two.
        let place = place & self.by_hash.len().wrapping_sub(1);
        let child = self.by_hash.get(place).unwrap_or(&NodeId::NOWHERE);
        trie.node(*child)
    }

    #[inline]
    fn is(&self, name: &[u8], key: Key) -> bool {
        self.key == key && is_same(key, &self.name, name)
    }

    /// The child for the element `index`.
    #[inline]
    pub(super) fn element<'t>(&self, trie: &'t Trie, index: usize) -> &'t Node {
        if self.elements.is_empty() {
            return &trie.nowhere;
        }
        let found = self.elements.iter().find(|(element, _)| *element == index);
        found.map_or(&trie.nowhere, |(_, child)| trie.node(*child))
    }
}

/// No pointer: past the end of all results.
const NONE: usize = usize::MAX;
