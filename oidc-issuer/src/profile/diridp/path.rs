//! The path of a token, with a parameter perhaps.

use std::path::{Path, PathBuf};

use super::config_error::ConfigFault;

/// Where a token goes: `/run/diridp/app/token`, or for each directory of a folder,
/// `/run/diridp/containers/:sub/token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPath {
    parent: PathBuf,
    parameter: Option<String>,
    file: String,
}

impl TokenPath {
    /// Reads a path: absolute, without `.` and `..`, with at most one part `:name`, the one before
    /// the last.
    pub(super) fn parse(text: &str) -> Result<TokenPath, ConfigFault> {
        let wrong = || ConfigFault::TokenPath;
        let relative = text.strip_prefix('/').ok_or_else(wrong)?;
        let parts: Vec<&str> = relative.split('/').collect();
        let plain = |part: &&str| !matches!(*part, "" | "." | "..") && !part.contains('\0');
        if !parts.iter().all(plain) {
            return Err(wrong());
        }
        let (file, folders) = parts.split_last().ok_or_else(wrong)?;
        let (last, above) = match folders.split_last() {
            Some((last, above)) => (Some(*last), above),
            None => (None, folders),
        };
        let parameter = last.and_then(|last| last.strip_prefix(':'));
        let is_parameter = |part: &&str| part.starts_with(':');
        if above.iter().any(is_parameter) || is_parameter(file) || parameter == Some("") {
            return Err(ConfigFault::PathParameter);
        }
        let mut parent = PathBuf::from("/");
        parent.extend(above);
        if parameter.is_none() {
            parent.extend(last);
        }
        Ok(TokenPath {
            parent,
            parameter: parameter.map(str::to_owned),
            file: (*file).to_owned(),
        })
    }

    /// Whether a token of the one could go to the file of one of the other.
    pub(super) fn meets(&self, other: &TokenPath) -> bool {
        let same = |one: &TokenPath, other: &TokenPath| {
            one.parent == other.parent && one.parameter.is_some() == other.parameter.is_some()
        };
        // A directory that is named, among those that are found.
        let among = |named: &TokenPath, found: &TokenPath| {
            let above = named.parent.parent();
            named.parameter.is_none() && found.parameter.is_some() && above == Some(&found.parent)
        };
        self.file == other.file && (same(self, other) || among(self, other) || among(other, self))
    }

    /// The folder that holds the token or, with a parameter, the directories.
    pub fn parent(&self) -> &Path {
        &self.parent
    }

    /// The claim that a directory's name becomes.
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    /// The file of the token, in the directory of this name if the path has a parameter.
    pub fn file(&self, directory: Option<&str>) -> PathBuf {
        let mut path = self.parent.clone();
        path.extend(directory);
        path.push(&self.file);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_at_most_one_parameter_before_its_last_part() {
        for (text, parent, parameter, file) in [
            ("/run/app/token", "/run/app", None, "/run/app/token"),
            ("/token", "/", None, "/token"),
            ("/run/:sub/token", "/run", Some("sub"), "/run/x/token"),
            ("/:sub/token", "/", Some("sub"), "/x/token"),
        ] {
            let path = TokenPath::parse(text).unwrap();
            assert_eq!(path.parent(), Path::new(parent));
            assert_eq!(path.parameter(), parameter);
            assert_eq!(path.file(parameter.map(|_| "x")), Path::new(file));
        }
    }

    #[test]
    fn two_paths_meet_where_one_file_could_be_of_both() {
        for (one, other, meet) in [
            ("/run/a/token", "/run/a/token", true),
            ("/run/a/token", "/run/b/token", false),
            ("/run/a/token", "/run/a/other", false),
            ("/run/:sub/token", "/run/:team/token", true),
            ("/run/:sub/token", "/run/:sub/other", false),
            ("/run/:sub/token", "/run/a/token", true),
            ("/run/:sub/token", "/run/a/other", false),
            ("/run/:sub/token", "/run/a/b/token", false),
            ("/run/:sub/token", "/run/token", false),
            ("/:sub/token", "/a/token", true),
            ("/:sub/token", "/token", false),
        ] {
            let parse = |text| TokenPath::parse(text).unwrap();
            assert_eq!(parse(one).meets(&parse(other)), meet, "{one} {other}");
            assert_eq!(parse(other).meets(&parse(one)), meet, "{other} {one}");
        }
    }

    /// Weakness W10: a path of `:x` alone made the original panic.
    #[test]
    fn w10_any_other_path_is_refused() {
        for (text, code) in [
            ("", "token_path"),
            ("token", "token_path"),
            ("/", "token_path"),
            (":x", "token_path"),
            ("/run//token", "token_path"),
            ("/run/../token", "token_path"),
            ("/run/./token", "token_path"),
            ("/run/token/", "token_path"),
            ("/:x", "path_parameter"),
            ("/run/:x", "path_parameter"),
            ("/:a/:b/token", "path_parameter"),
            ("/:a/b/token", "path_parameter"),
            ("/run/:/token", "path_parameter"),
        ] {
            assert_eq!(TokenPath::parse(text).unwrap_err().code(), code, "{text:?}");
        }
    }
}
