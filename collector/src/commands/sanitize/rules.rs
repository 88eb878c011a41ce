//! The options of the sanitiser's rules.

use clap::Args;
use tidemark_core::hash::Salt;
use tidemark_core::sanitise::{Action, Policy, Rule};

use crate::commands::{CommandError, site};

/// Bytes that a salt's secret has at least, as the collector's configuration asks.
const SALT_SECRET_MIN_BYTES: usize = 16;

/// How rules work.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct RuleOptions {
    /// Keep what people typed: prompt_text, comment, response_value and the like.
    #[arg(long)]
    pub(super) keep_free_text: bool,
    /// Keep this parameter of a URL's query; may be said several times.
    #[arg(long, value_name = "NAME")]
    keep_query: Vec<String>,
    /// Hash the values of this key; may be said several times.
    #[arg(long, value_name = "KEY", requires = "salt_secret_env")]
    hash_key: Vec<String>,
    /// What a rule does: `email=mask`. Actions: replace, mask, remove, hash. May be
    /// said several times.
    #[arg(long, value_name = "RULE=ACTION", value_parser = action)]
    rule: Vec<(Rule, Action)>,
    /// The environment variable that holds the secret of the salts: 16 bytes or more,
    /// the same as the collector's identity.salt_secret.
    #[arg(long, value_name = "VARIABLE", requires = "tenant")]
    salt_secret_env: Option<String>,
}

/// The options, read.
pub(super) struct Rules {
    pub(super) keep_free_text: bool,
    query: Vec<String>,
    hash_keys: Vec<String>,
    actions: Vec<(Rule, Action)>,
    salt: Option<Salt>,
}

fn action(text: &str) -> Result<(Rule, Action), String> {
    let (rule, action) = text.split_once('=').ok_or("expected RULE=ACTION, such as email=mask")?;
    let rule = Rule::ALL.into_iter().find(|known| known.as_str() == rule).ok_or_else(|| {
        let names: Vec<_> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
        format!("there is no rule `{rule}`; there are {}", names.join(", "))
    })?;
    let action = match action {
        "replace" => Action::Replace,
        "mask" => Action::Mask,
        "remove" => Action::Remove,
        "hash" => Action::Hash,
        other => {
            return Err(format!(
                "there is no action `{other}`; there are replace, mask, remove, hash"
            ));
        }
    };
    Ok((rule, action))
}

impl RuleOptions {
    /// Reads the secret, and makes the tenant's salt.
    ///
    /// # Errors
    /// A variable that is not set or too short; a tenant that is not named by UUID.
    pub(super) fn read(&self, schemas: &site::Schemas) -> Result<Rules, CommandError> {
        let salt = match &self.salt_secret_env {
            None => None,
            Some(variable) => {
                let secret = std::env::var(variable).map_err(|_| {
                    CommandError::Wrong(format!(
                        "--salt-secret-env: the environment variable {variable} is not set"
                    ))
                })?;
                if secret.len() < SALT_SECRET_MIN_BYTES {
                    return Err(CommandError::Wrong(format!(
                        "--salt-secret-env: {variable} holds less than 16 bytes"
                    )));
                }
                let tenant = schemas.tenant_id().ok_or_else(|| {
                    CommandError::Wrong(
                        "--tenant: expected the tenant's UUID: each tenant has its own salt"
                            .to_owned(),
                    )
                })?;
                Some(Salt::of_tenant(secret.as_bytes(), tenant))
            }
        };
        let hashes = self.rule.iter().any(|(_, action)| *action == Action::Hash);
        if hashes && salt.is_none() {
            return Err(CommandError::Wrong(
                "--rule …=hash needs --salt-secret-env and --tenant".to_owned(),
            ));
        }
        Ok(Rules {
            keep_free_text: self.keep_free_text,
            query: self.keep_query.clone(),
            hash_keys: self.hash_key.clone(),
            actions: self.rule.clone(),
            salt,
        })
    }
}

impl Rules {
    /// Gives the policy to what sanitises.
    pub(super) fn with_policy<R>(&self, run: impl FnOnce(&Policy<'_>) -> R) -> R {
        if self.salt.is_none()
            && self.query.is_empty()
            && self.hash_keys.is_empty()
            && self.actions.is_empty()
        {
            return run(&Policy::DEFAULT);
        }
        let query: Vec<&str> = self.query.iter().map(String::as_str).collect();
        let hash_keys: Vec<&str> = self.hash_keys.iter().map(String::as_str).collect();
        let hash = self.salt.map(|salt| move |identifier: &str| salt.pseudonym(identifier));
        run(&Policy {
            query: &query,
            hash_keys: &hash_keys,
            actions: &self.actions,
            pseudonym: hash.as_ref().map(|hash| hash as &dyn Fn(&str) -> String),
            ..Policy::DEFAULT
        })
    }
}
