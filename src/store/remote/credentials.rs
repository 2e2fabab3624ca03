//! Credentials, from where each service's own tools have them and nowhere else.
//!
//! S3: the environment (`AWS_ACCESS_KEY_ID` …), unless a profile is named (`remote.NAME.profile`, `AWS_PROFILE`); the profile's keys in
//! `~/.aws/credentials` and `~/.aws/config`, or what its `credential_process` prints; a web identity or a container's role; on a
//! machine of Amazon's its role. Google Cloud: `GOOGLE_…` variables, `gcloud auth application-default login`, a machine's role.
//! Azure: `AZURE_…` variables, `az login`. HTTP servers: `~/.netrc`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;

use object_store::ClientOptions;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use serde::Deserialize;

use super::fault::Fault;
use crate::workspace::config;

/// A builder that knows who we are.
pub fn s3(settings: &config::Remote) -> Result<AmazonS3Builder, Fault> {
    let mut builder = AmazonS3Builder::from_env();
    let named = settings.profile.clone().or_else(|| variable("AWS_PROFILE")).or_else(|| variable("AWS_DEFAULT_PROFILE"));
    let profile = Profile::read(named.as_deref().unwrap_or("default"));
    if let Some(region) = settings.region.clone().or_else(|| profile.get("region")).filter(|_| region_is_open(settings)) {
        builder = builder.with_region(region);
    }
    let endpoint = settings.endpoint.clone().or_else(|| variable("AWS_ENDPOINT_URL_S3").or_else(|| profile.get("endpoint_url")));
    if let Some(endpoint) = endpoint {
        builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
    }
    if settings.anonymous == Some(true) {
        return Ok(builder.with_skip_signature(true));
    }
    let in_environment = variable("AWS_ACCESS_KEY_ID").is_some() && settings.profile.is_none();
    if in_environment {
        return Ok(builder);
    }
    if let Some(keys) = profile.keys()? {
        builder = builder.with_access_key_id(keys.id).with_secret_access_key(keys.secret);
        return Ok(match keys.token {
            Some(token) => builder.with_token(token),
            None => builder.with_config(AmazonS3ConfigKey::Token, ""),
        });
    }
    if let Some(name) = named {
        let signed_on = profile.get("sso_session").or_else(|| profile.get("sso_start_url")).is_some();
        let advice = if signed_on {
            format!("; `eval \"$(aws configure export-credentials --profile {name} --format env)\"` gives some")
        } else {
            String::new()
        };
        return Err(Fault::NoCredentials(format!("the profile `{name}` has none{advice}")));
    }
    let from_role = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    if from_role.into_iter().any(|name| variable(name).is_some()) || is_machine_of("Amazon") || variable("AWS_METADATA_ENDPOINT").is_some()
    {
        return Ok(builder);
    }
    Err(Fault::NoCredentials("neither AWS_ACCESS_KEY_ID nor a profile in `~/.aws/credentials`".to_owned()))
}

/// The configuration's region wins over the environment's, and that over a profile's.
fn region_is_open(settings: &config::Remote) -> bool {
    settings.region.is_some() || (variable("AWS_REGION").is_none() && variable("AWS_DEFAULT_REGION").is_none())
}

/// Variables that hold a secret of Azure's.
pub fn is_azure_secret(name: &str) -> bool {
    name.starts_with("AZURE_") && ["KEY", "SAS", "SECRET", "TOKEN"].iter().any(|word| name.contains(word))
}

/// Options with the password that `~/.netrc` has for a server.
pub fn http(options: ClientOptions, url: &str) -> ClientOptions {
    use base64::Engine;
    let host = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', ':']).next().unwrap_or_default();
    let file = variable("NETRC").map(PathBuf::from).or_else(|| home(".netrc"));
    let text = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let Some((login, password)) = netrc(&text, host) else { return options };
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{login}:{password}"));
    match format!("Basic {encoded}").parse::<reqwest::header::HeaderValue>() {
        Ok(mut value) => {
            value.set_sensitive(true);
            options.with_default_headers([(reqwest::header::AUTHORIZATION, value)].into_iter().collect())
        }
        Err(_) => options,
    }
}

/// Login and password of a host; those of `default` where it has none of its own.
fn netrc(text: &str, host: &str) -> Option<(String, String)> {
    // Each entry: its host (none for the default), login, password.
    let mut entries: Vec<(Option<&str>, Option<&str>, Option<&str>)> = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        match (word, entries.last_mut()) {
            ("machine", _) => entries.push((words.next(), None, None)),
            ("default", _) => entries.push((None, None, None)),
            ("login", Some(entry)) => entry.1 = words.next(),
            ("password", Some(entry)) => entry.2 = words.next(),
            _ => {}
        }
    }
    let of = |wanted: Option<&str>| entries.iter().find(|(host, ..)| *host == wanted);
    let (_, login, password) = of(Some(host)).or_else(|| of(None))?;
    Some(((*login)?.to_owned(), (*password)?.to_owned()))
}

/// Keys of an account.
struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

/// One profile of the two files of `aws`.
struct Profile {
    settings: HashMap<String, String>,
}

/// What a `credential_process` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Profile {
    fn read(name: &str) -> Self {
        let file = |variable_name: &str, usual: &str| variable(variable_name).map(PathBuf::from).or_else(|| home(usual));
        let text = |file: Option<PathBuf>| file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        let mut settings = section(&text(file("AWS_CONFIG_FILE", ".aws/config")), &["profile ", ""], name);
        settings.extend(section(&text(file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")), &[""], name));
        Self { settings }
    }

    fn get(&self, key: &str) -> Option<String> {
        self.settings.get(key).cloned()
    }

    fn keys(&self) -> Result<Option<Keys>, Fault> {
        if let (Some(id), Some(secret)) = (self.get("aws_access_key_id"), self.get("aws_secret_access_key")) {
            return Ok(Some(Keys { id, secret, token: self.get("aws_session_token") }));
        }
        let Some(command) = self.get("credential_process") else { return Ok(None) };
        let failed = |why: String| Fault::NoCredentials(format!("`credential_process` {why}"));
        let output = Command::new("/bin/sh").args(["-c", &command]).output().map_err(|error| failed(format!("cannot be run: {error}")))?;
        if !output.status.success() {
            return Err(failed("failed".to_owned()));
        }
        let printed: Printed = serde_json::from_slice(&output.stdout).map_err(|_| failed("printed no credentials".to_owned()))?;
        Ok(Some(Keys { id: printed.access_key_id, secret: printed.secret_access_key, token: printed.session_token }))
    }
}

/// The settings of a section of an INI file, whose header may have one of these words before the name.
fn section(text: &str, words: &[&str], name: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut here = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            here = words.iter().any(|word| header.trim().strip_prefix(word).is_some_and(|rest| rest.trim() == name));
        } else if let (true, Some((key, value))) = (here, line.split_once('=')) {
            found.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    found
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn home(path: &str) -> Option<PathBuf> {
    std::env::var_os("HOME").map(|home| PathBuf::from(home).join(path))
}

/// Whether this machine is one of the cloud's own; asking its role elsewhere would only wait.
fn is_machine_of(vendor: &str) -> bool {
    ["sys_vendor", "board_vendor", "bios_vendor"]
        .iter()
        .any(|file| std::fs::read_to_string(format!("/sys/class/dmi/id/{file}")).is_ok_and(|text| text.contains(vendor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_the_two_files() {
        let text = "[default]\naws_access_key_id = A\n# x = y\n[profile lab]\nregion=eu-central-1\n[other]\nregion = x\n";
        assert_eq!(section(text, &["profile ", ""], "lab")["region"], "eu-central-1");
        assert_eq!(section(text, &["profile ", ""], "default")["aws_access_key_id"], "A");
        assert!(section(text, &[""], "lab").is_empty());
    }

    #[test]
    fn netrc_by_host() {
        let text = "machine a.org login me password one\ndefault login you password two\nmachine b.org\n  login she\n  password three\n";
        let of = |host| netrc(text, host).map(|(login, password)| format!("{login}:{password}"));
        assert_eq!(of("a.org").as_deref(), Some("me:one"));
        assert_eq!(of("b.org").as_deref(), Some("she:three"));
        assert_eq!(of("c.org").as_deref(), Some("you:two"));
        assert_eq!(netrc("machine a.org login me", "a.org"), None);
    }

    #[test]
    fn azure_secrets_are_told_from_names() {
        assert!(is_azure_secret("AZURE_STORAGE_ACCOUNT_KEY") && is_azure_secret("AZURE_CLIENT_SECRET"));
        assert!(!is_azure_secret("AZURE_STORAGE_ACCOUNT_NAME") && !is_azure_secret("PATH"));
    }
}
