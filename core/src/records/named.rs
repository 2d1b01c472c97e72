//! Words of the boundary inside a record: stored by name, so that a reordered or longer list in a later
//! version cannot change what an old record says.
use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error as _, ser::Error as _,
};

pub(super) fn serialize<T: Serialize, S: Serializer>(word: &T, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::to_value(word).map_err(S::Error::custom)? {
        serde_json::Value::String(name) => serializer.serialize_str(&name),
        _ => Err(S::Error::custom("not a word")),
    }
}

pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    serde_json::from_value(serde_json::Value::String(name)).map_err(D::Error::custom)
}

/// The same for a word that may be missing.
pub(super) mod option {
    use super::{Deserialize, DeserializeOwned, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(bound(serialize = "T: Serialize", deserialize = "T: DeserializeOwned"))]
    struct Word<T>(#[serde(with = "super")] T);

    #[allow(clippy::ref_option)] // serde's signature
    pub(in super::super) fn serialize<T: Serialize + Copy, S: Serializer>(
        word: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        word.map(Word).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Ok(Option::<Word<T>>::deserialize(deserializer)?.map(|word| word.0))
    }
}
