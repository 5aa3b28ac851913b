//! Parts of a structured subject, as conditions address them.

use std::sync::LazyLock;

use jsonptr::{Located, Pointer, PointerSet, ScanBuffer, ScanLimits};
use oidc_core::provider::Provider;

/// Which part of a subject, and of whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartOfSubject {
    pub(super) provider: Provider,
    pub(super) name: &'static str,
}

/// What came of reading a subject.
pub(super) enum Subject {
    /// It is no text, or of no form that the provider is known to use.
    Unreadable,
    /// Subjects of its form have no such part.
    WithoutPart,
    /// It has the part.
    Part(Box<PartValue>),
}

/// A part as a value of its own.
pub(super) struct PartValue {
    json: String,
    buffer: ScanBuffer,
}

impl PartOfSubject {
    /// The part of the subject `sub`.
    pub(super) fn of(self, sub: Located<'_>) -> Subject {
        let Some(text) = sub.text() else {
            return Subject::Unreadable;
        };
        let text = text.to_cow();
        let Ok(subject) = self.provider.subject(&text) else {
            return Subject::Unreadable;
        };
        match subject.part(self.name) {
            None => Subject::WithoutPart,
            Some(part) => match PartValue::new(&part) {
                None => Subject::Unreadable,
                Some(value) => Subject::Part(Box::new(value)),
            },
        }
    }

    /// Whether the part tells the provider's customers apart.
    pub(super) fn identifies_tenant(self) -> bool {
        let part = self.provider.profile().subject_part(self.name);
        part.is_some_and(|part| part.identifies_tenant)
    }

    /// Why nothing holds of a subject that is not readable.
    pub(super) fn unreadable(self) -> String {
        format!(
            "subject is of no form that `{}` is known to use",
            self.provider
        )
    }
}

impl PartValue {
    fn new(part: &str) -> Option<Self> {
        static ROOT: LazyLock<Option<PointerSet>> =
            LazyLock::new(|| PointerSet::new([Pointer::ROOT]).ok());
        let json = serde_json::to_string(part).ok()?;
        let mut buffer = ScanBuffer::new();
        ROOT.as_ref()?
            .scan_text_into(&json, &ScanLimits::new(), &mut buffer)
            .ok()?;
        Some(Self { json, buffer })
    }

    /// The part, as a condition judges it: a string.
    pub(super) fn located(&self) -> Option<Located<'_>> {
        self.buffer.get(&self.json, 0)
    }
}
