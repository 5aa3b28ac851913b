//! Native conditions while they are put together.

use jsonptr::PointerBuf;

use super::super::document::Node;
use super::claim_name;

/// A native condition, or one that every token or no token passes.
#[derive(Clone, Debug)]
pub(in crate::policy) enum Formula {
    True,
    False,
    Test {
        node: Node,
        speaks_of_audience: bool,
    },
    All(Vec<Formula>),
    Any(Vec<Formula>),
    Not {
        inner: Box<Formula>,
        or_absent: bool,
    },
}

/// A claim, and how its elements are asked.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Leaf<'p> {
    pointer: &'p PointerBuf,
    elements: Option<&'static str>,
}

impl<'p> Leaf<'p> {
    pub(in crate::policy) const fn of(pointer: &'p PointerBuf) -> Self {
        Self {
            pointer,
            elements: None,
        }
    }

    /// `any` or `all` of the elements.
    pub(in crate::policy) const fn elements(mut self, quantifier: &'static str) -> Self {
        self.elements = Some(quantifier);
        self
    }

    pub(in crate::policy) fn test(&self, operator: &'static str, value: Node) -> Formula {
        self.with([(operator, value)])
    }

    /// The operator with the members that belong to it.
    pub(in crate::policy) fn with<const N: usize>(
        &self,
        operator: [(&'static str, Node); N],
    ) -> Formula {
        let first = self.pointer.tokens().next();
        let speaks_of_audience =
            first.is_some_and(|name| matches!(&*name.decoded(), "aud" | "azp"));
        let claim = [("claim", text(&claim_name(self.pointer.as_pointer())))];
        let elements = self
            .elements
            .map(|quantifier| ("elements", text(quantifier)));
        let members = claim.into_iter().chain(elements).chain(operator);
        Formula::Test {
            node: map(members),
            speaks_of_audience,
        }
    }
}

impl Formula {
    /// Some top-level claim has a name that begins so.
    pub(in crate::policy) fn claim_prefix(prefix: &str) -> Self {
        Self::Test {
            node: map([("claim_prefix", text(prefix))]),
            speaks_of_audience: false,
        }
    }

    pub(in crate::policy) fn all(parts: impl IntoIterator<Item = Formula>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::True => {}
                Self::False => return Self::False,
                Self::All(inner) => kept.extend(inner),
                Self::Test { .. } | Self::Any(_) | Self::Not { .. } => kept.push(part),
            }
        }
        match kept.len() {
            0 => Self::True,
            1 => kept.pop().unwrap_or(Self::True),
            _ => Self::All(kept),
        }
    }

    pub(in crate::policy) fn any(parts: impl IntoIterator<Item = Formula>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::False => {}
                Self::True => return Self::True,
                Self::Any(inner) => kept.extend(inner),
                Self::Test { .. } | Self::All(_) | Self::Not { .. } => kept.push(part),
            }
        }
        match kept.len() {
            0 => Self::False,
            1 => kept.pop().unwrap_or(Self::False),
            _ => Self::Any(kept),
        }
    }

    pub(in crate::policy) const fn is_true(&self) -> bool {
        matches!(self, Self::True)
    }

    pub(in crate::policy) const fn is_false(&self) -> bool {
        matches!(self, Self::False)
    }

    /// The parts that all must hold.
    pub(super) fn into_parts(self) -> Vec<Self> {
        match self {
            Self::True => Vec::new(),
            Self::All(parts) => parts,
            Self::False | Self::Test { .. } | Self::Any(_) | Self::Not { .. } => vec![self],
        }
    }

    /// Negates a test, or tests put together; never `True` or `False`, whose negation says nothing of
    /// absence.
    pub(in crate::policy) fn negated(self, or_absent: bool) -> Self {
        Self::Not {
            inner: Box::new(self),
            or_absent,
        }
    }

    /// How many conditions it counts for.
    pub(super) fn conditions(&self) -> usize {
        let inside = match self {
            Self::True | Self::False | Self::Test { .. } => 0,
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::conditions).sum(),
            Self::Not { inner, .. } => inner.conditions(),
        };
        inside.saturating_add(1)
    }

    pub(super) fn depth(&self) -> usize {
        let inside = match self {
            Self::True | Self::False | Self::Test { .. } => 0,
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not { inner, .. } => inner.depth(),
        };
        inside.saturating_add(1)
    }

    pub(super) fn speaks_of_audience(&self) -> bool {
        match self {
            Self::True | Self::False => false,
            Self::Test {
                speaks_of_audience, ..
            } => *speaks_of_audience,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::speaks_of_audience),
            Self::Not { inner, .. } => inner.speaks_of_audience(),
        }
    }

    pub(super) fn into_node(self) -> Node {
        let list = |parts: Vec<Self>| Node::List(parts.into_iter().map(Self::into_node).collect());
        match self {
            // Every token that is verified has an audience.
            Self::True => map([("claim", text("aud")), ("exists", boolean(true))]),
            Self::False => map([("any", Node::List(Vec::new()))]),
            Self::Test { node, .. } => node,
            Self::All(parts) => map([("all", list(parts))]),
            Self::Any(parts) => map([("any", list(parts))]),
            Self::Not { inner, or_absent } => {
                let or_absent = or_absent.then(|| ("or_absent", boolean(true)));
                map([("not", inner.into_node())].into_iter().chain(or_absent))
            }
        }
    }
}

pub(super) fn map(members: impl IntoIterator<Item = (&'static str, Node)>) -> Node {
    let members = members.into_iter();
    Node::Map(
        members
            .map(|(name, node)| (name.to_owned(), node))
            .collect(),
    )
}

pub(in crate::policy) fn text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

pub(in crate::policy) const fn boolean(value: bool) -> Node {
    Node::Bool(value)
}
