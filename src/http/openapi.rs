//! The OpenAPI document, printed from the table of routes.
use super::route::{Access, Route};
use super::routes;
use super::views::{ErrorView, Frame};
use schemars::Schema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// The document (OpenAPI 3.1, whose schemas are JSON Schema 2020-12).
pub(crate) fn document() -> Value {
    // What is read may lack its optional fields; what is written has all of them, if only as null.
    let mut reads = generator(SchemaSettings::for_deserialize);
    let mut writes = generator(SchemaSettings::for_serialize);
    let error = writes.subschema_for::<ErrorView>();
    // The frames of the WebSocket, which no operation mentions.
    writes.subschema_for::<Frame>();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::table() {
        let operation = operation(&route, &mut reads, &mut writes, &error);
        let method = route.method.as_str().to_ascii_lowercase();
        let path = route.path.replace("{*", "{");
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method] = operation;
    }
    let mut schemas = reads.take_definitions(true);
    schemas.extend(writes.take_definitions(true));
    schemas.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "weikefu",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The console's API. Sessions are cookies; unsafe methods carry `x-weikefu-csrf`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "wk_session" } },
        },
    })
}

fn generator(contract: fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    let mut settings = contract(SchemaSettings::draft2020_12());
    settings.definitions_path = "/components/schemas".into();
    settings.into_generator()
}

fn operation(
    route: &Route,
    reads: &mut SchemaGenerator,
    writes: &mut SchemaGenerator,
    error: &Schema,
) -> Value {
    let json_of = |schema: Value| json!({ "application/json": { "schema": schema } });
    let mut ok = json!({ "description": "Done" });
    if let Some(response) = route.response {
        let schema = response(writes);
        if schema.as_value() != &json!({ "type": "null" }) {
            ok["content"] = json_of(schema.to_value());
        }
    }
    let parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let name = name.trim_start_matches('*');
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        })
        .collect();
    let mut operation = json!({
        "summary": route.summary,
        "parameters": parameters,
        "responses": { "200": ok, "default": { "description": "Refused", "content": json_of(error.clone().to_value()) } },
        "security": [{ "session": [] }],
    });
    // Not part of the standard: what a role must permit, as in the table of rights.
    operation["x-weikefu-access"] = match route.access {
        Access::Public => json!("public"),
        Access::Session => json!("session"),
        Access::Shop(action) => json!(action),
    };
    if route.access == Access::Public {
        operation["security"] = json!([]);
    }
    if let Some(request) = route.request {
        operation["requestBody"] = json!({ "required": true, "content": json_of(request(reads).to_value()) });
    }
    operation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_and_secured() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        assert!(paths.len() > 20);
        let desk = &document["paths"]["/api/shops/{shop}/desk"]["get"];
        assert_eq!(desk["security"][0]["session"], json!([]));
        let schema = &desk["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(schema, "#/components/schemas/DeskView");
        assert!(document["components"]["schemas"]["DeskView"].is_object());
        assert_eq!(document["paths"]["/api/login"]["post"]["security"], json!([]));
    }

    #[test]
    fn the_console_is_built_from_this_very_document() {
        let committed = include_str!("../../ui-assets/console/openapi.json");
        let committed: Value = serde_json::from_str(committed).unwrap();
        assert!(
            committed == document(),
            "the API has changed: run `cargo run -- openapi > ui-assets/console/openapi.json`"
        );
    }
}
