//! npm's lock files install on every machine, also with the npm 10 that comes with Node 20.

use serde_json::Value;

use super::{Finding, Source};

/// npm 11 sometimes leaves the mark `optional` off a package for another system; npm 10 then refuses
/// the whole file.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| source.path.ends_with("package-lock.json"))
        .filter_map(in_one_file)
        .collect()
}

fn in_one_file(source: &Source) -> Option<Finding> {
    let Ok(lock) = serde_json::from_str::<Value>(&source.text) else {
        return Some(Finding::new(
            &source.path,
            0,
            "is not JSON: make it again with npm install --package-lock-only",
        ));
    };
    let (name, _) = lock["packages"].as_object()?.iter().find(|(_, package)| {
        let bound = package.get("os").is_some() || package.get("cpu").is_some();
        let optional = ["optional", "devOptional"]
            .iter()
            .any(|mark| package[mark] == true);
        bound && !optional
    })?;
    let what = format!(
        "{name} is for one system and not optional, so npm 10 refuses the file: delete it and run \
         npx npm@10 install --package-lock-only"
    );
    Some(Finding::new(&source.path, 0, what))
}

#[cfg(test)]
mod tests {
    use super::super::source::sample;
    use super::*;

    #[test]
    fn a_package_for_one_system_must_be_optional() {
        let lock = |mark: &str| {
            format!(r#"{{"packages":{{"":{{}},"node_modules/@x/aix":{{"os":["aix"]{mark}}}}}}}"#)
        };
        let found = |text: &str| check(&sample("ui-assets/console/package-lock.json", text)).len();
        assert_eq!(found(&lock("")), 1);
        assert_eq!(found(&lock(r#","optional":true"#)), 0);
        assert_eq!(found("{"), 1);
        assert_eq!(check(&sample("ui-assets/console/package.json", "{")), []);
    }
}
