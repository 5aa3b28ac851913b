//! Where in a document the loader is.

use jsonptr::PointerBuf;

/// A place in a document, kept on the stack while the loader walks down.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    pub(super) const fn member(&'a self, name: &'a str) -> Path<'a> {
        Path::Member(self, name)
    }

    pub(super) const fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }

    pub(super) fn to_pointer(self) -> PointerBuf {
        match self {
            Path::Root => jsonptr::Pointer::ROOT.to_owned(),
            Path::Member(parent, name) => {
                let mut pointer = parent.to_pointer();
                pointer.push_token(name);
                pointer
            }
            Path::Index(parent, index) => {
                let mut pointer = parent.to_pointer();
                pointer.push_token(&index.to_string());
                pointer
            }
        }
    }
}
