//! See [`crate::fuzzing`].

use std::path::Path;

/// A `.dermignore`.
pub fn ignore(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(rules) = super::rules::parse(Path::new("/root"), Path::new("/root/.dermignore"), &text) {
        for (path, folder) in [("/root/a", false), ("/root/a/b.jpg", false), ("/root/é /x", true)] {
            let _ = rules.matched(path, folder);
        }
    }
}

/// A `.derm/config`.
pub fn config(bytes: &[u8]) {
    let _ = super::config::parse(".derm/config", &String::from_utf8_lossy(bytes));
}
