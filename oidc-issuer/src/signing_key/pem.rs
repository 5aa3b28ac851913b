//! The private key in a PEM text (RFC 7468).

use pkcs8::der::pem::Decoder;
use zeroize::Zeroizing;

use super::error::{KeyFormat, SigningKeyError};

/// What the label of a private key says about the DER inside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Label {
    Pkcs1,
    Pkcs8,
    Sec1,
}

/// The label and the DER of the one private key in `text`.
///
/// Blocks of other labels are passed over: `openssl ecparam -genkey` writes the curve before the
/// key, and key files often carry the certificate too.
pub(super) fn private_key(text: &str) -> Result<(Label, Zeroizing<Vec<u8>>), SigningKeyError> {
    let mut found = 0_usize;
    let mut key = None;
    for block in Blocks::new(text) {
        let block = block?;
        if block.label.ends_with("PRIVATE KEY") {
            found = found.saturating_add(1);
            key = Some(block);
        }
    }
    match (key, found) {
        (Some(block), 1) => Ok((block.kind()?, block.decode()?)),
        _ => Err(SigningKeyError::NotOneKey { found }),
    }
}

/// One block of the text, from its `-----BEGIN` to the end of its `-----END`.
struct Block<'a> {
    label: &'a str,
    text: &'a str,
    offset: usize,
}

impl Block<'_> {
    fn kind(&self) -> Result<Label, SigningKeyError> {
        // RFC 1421 headers inside the block are how OpenSSL marks an encrypted traditional key.
        if self.label == "ENCRYPTED PRIVATE KEY" || self.text.contains("Proc-Type:") {
            return Err(SigningKeyError::Encrypted);
        }
        match self.label {
            "PRIVATE KEY" => Ok(Label::Pkcs8),
            "EC PRIVATE KEY" => Ok(Label::Sec1),
            "RSA PRIVATE KEY" => Ok(Label::Pkcs1),
            _ => Err(SigningKeyError::Label),
        }
    }

    fn decode(&self) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
        let malformed = |_| SigningKeyError::Malformed {
            format: KeyFormat::Pem,
            offset: Some(self.offset),
        };
        let mut decoder = Decoder::new_detect_wrap(self.text.as_bytes()).map_err(malformed)?;
        let mut der = Zeroizing::new(Vec::new());
        decoder.decode_to_end(&mut der).map_err(malformed)?;
        Ok(der)
    }
}

struct Blocks<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Blocks<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, SigningKeyError>;

    fn next(&mut self) -> Option<Self::Item> {
        const BEGIN: &str = "-----BEGIN ";
        const DASHES: &str = "-----";

        let rest = self.text.get(self.position..)?;
        let offset = self.position.saturating_add(rest.find(BEGIN)?);
        let block = self.text.get(offset..)?;
        let found = block
            .strip_prefix(BEGIN)
            .and_then(|after| after.split_once(DASHES))
            .map(|(label, _)| label)
            .and_then(|label| {
                let end = format!("-----END {label}{DASHES}");
                let length = block.find(&end)?.checked_add(end.len())?;
                Some(Block {
                    label,
                    text: block.get(..length)?,
                    offset,
                })
            });
        self.position = match &found {
            Some(block) => offset.saturating_add(block.text.len()),
            None => self.text.len(),
        };
        let format = KeyFormat::Pem;
        Some(found.ok_or(SigningKeyError::Malformed {
            format,
            offset: Some(offset),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAECAwQF\n-----END PRIVATE KEY-----\n";

    #[test]
    fn the_block_is_found_among_other_text_and_blocks() {
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\n";
        for text in [
            KEY.to_owned(),
            KEY.replace('\n', "\r\n"),
            KEY.trim_end().to_owned(),
            format!("a comment\n{parameters}{KEY}trailing text"),
            format!("{KEY}{parameters}"),
        ] {
            let (label, der) = private_key(&text).unwrap();
            assert_eq!(
                (label, der.as_slice()),
                (Label::Pkcs8, &[0, 1, 2, 3, 4, 5][..]),
                "{text}"
            );
        }
    }

    #[test]
    fn lines_may_have_any_width() {
        let body = "AAECAwQF".repeat(20);
        let text = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----");
        assert_eq!(private_key(&text).unwrap().1.len(), 120);
    }

    #[test]
    fn none_and_two_are_refused_with_their_number() {
        for (text, found) in [("", 0), ("no PEM here", 0), (&format!("{KEY}{KEY}"), 2)] {
            assert_eq!(private_key(text), Err(SigningKeyError::NotOneKey { found }));
        }
        let public = KEY.replace("PRIVATE", "PUBLIC");
        assert_eq!(
            private_key(&public),
            Err(SigningKeyError::NotOneKey { found: 0 })
        );
    }

    #[test]
    fn an_encrypted_key_is_named_as_such() {
        let pkcs8 = KEY.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let traditional = KEY.replace("PRIVATE", "EC PRIVATE").replace(
            "AAEC",
            "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAEC",
        );
        for text in [pkcs8, traditional] {
            assert_eq!(
                private_key(&text),
                Err(SigningKeyError::Encrypted),
                "{text}"
            );
        }
    }

    #[test]
    fn an_openssh_key_is_none_of_ours() {
        let text = KEY.replace("PRIVATE", "OPENSSH PRIVATE");
        assert_eq!(private_key(&text), Err(SigningKeyError::Label));
    }

    #[test]
    fn a_torn_block_is_malformed_where_it_begins() {
        let offset = Some(2);
        let malformed = Err(SigningKeyError::Malformed {
            format: KeyFormat::Pem,
            offset,
        });
        for text in [
            "x\n-----BEGIN PRIVATE KEY-----\nAAEC",
            "x\n-----BEGIN PRIVATE KEY\nAAEC",
            "x\n-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----",
            "x\n-----BEGIN PRIVATE KEY-----\nA*EC\n-----END PRIVATE KEY-----",
            "x\n-----BEGIN PRIVATE KEY-----\nAAEC\n-----END RSA PRIVATE KEY-----",
        ] {
            assert_eq!(private_key(text), malformed, "{text}");
        }
    }
}
