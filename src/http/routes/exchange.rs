//! Tables of the shop, out and in (docs/import-export.md).
use super::deeds::{self, Done};
use super::{ADMINISTER, EXPORT};
use crate::exchange::{self, Import, Out, Report, What};
use crate::http::context::Context;
use crate::http::download::{self, Table};
use crate::http::reply::{self, Reply};
use crate::http::route::{Access, Route};
use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::CustomerId;
use weikefu_core::people::{Filter, Sight};
use weikefu_core::quick_replies::Shelf;
use weikefu_core::records::DeedKind;
use weikefu_tables::Format;

/// Customers named one by one.
const NAMED: usize = 500;

/// The routes of this resource.
pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::raw(
            Method::GET,
            "/api/shops/{shop}/exports/customers",
            EXPORT,
            "Customers as `format` csv, xlsx or json: `ids` (at most 500, between commas), those a `filter` finds (a \
             CustomerFilter in JSON), or all",
            customers,
        ),
        Route::raw(
            Method::GET,
            "/api/shops/{shop}/exports/tags",
            EXPORT,
            "Service tags as `format` csv, xlsx or json",
            tags,
        ),
        Route::raw(
            Method::GET,
            "/api/shops/{shop}/exports/quick-replies",
            ADMINISTER,
            "Shared quick replies as `format` csv, xlsx or json",
            texts,
        ),
    ];
    let mut import = |path, access: Access, summary, handler| {
        let route = Route::raw(Method::POST, path, access, summary, handler);
        routes.push(route.answers::<ImportView>());
    };
    import(
        "/api/shops/{shop}/imports/customers",
        EXPORT,
        "Take customers in: a CSV, XLSX or JSON file of at most 10 MB and 100,000 rows; `dry=true` only tells. All, \
         or nothing where a row is wrong",
        |context| import_of(context, What::Customers),
    );
    import(
        "/api/shops/{shop}/imports/tags",
        EXPORT,
        "Take service tags in, by name; `dry=true` only tells",
        |context| import_of(context, What::Tags),
    );
    import(
        "/api/shops/{shop}/imports/quick-replies",
        ADMINISTER,
        "Add quick replies to the shared ones; `dry=true` only tells",
        |context| import_of(context, What::QuickReplies),
    );
    routes
}

/// What an import did, or would do.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ImportView {
    /// Nothing was to be changed.
    dry: bool,
    /// It has been carried out; when it was not a dry run and this is false, a row is wrong and nothing was changed.
    applied: bool,
    /// Rows that were read.
    rows: usize,
    /// Records that are new.
    created: usize,
    /// Records that are different.
    changed: usize,
    /// Records that were so already.
    unchanged: usize,
    /// Records that somebody else changed or removed in that moment.
    passed_over: usize,
    /// Tags or folders that are new because rows name them.
    made: Vec<String>,
    /// Headings that name no column.
    ignored: Vec<String>,
    /// Wrong cells, all of them.
    error_count: usize,
    /// The first 200 of them.
    errors: Vec<ImportError>,
}

/// A wrong cell.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ImportError {
    /// Line of the file, from 1; of JSON the object, from 1.
    line: usize,
    /// Its heading; empty for the row as a whole.
    column: String,
    text: String,
}

fn view(report: Report, language: Language) -> ImportView {
    let pick = |zh: String, en: String| match language {
        Language::Chinese => zh,
        Language::English => en,
    };
    let errors = report.errors.into_iter().map(|problem| ImportError {
        line: problem.line,
        column: pick(problem.column.0, problem.column.1),
        text: pick(problem.zh, problem.en),
    });
    ImportView {
        dry: report.dry,
        applied: report.applied,
        rows: report.rows,
        created: report.created,
        changed: report.changed,
        unchanged: report.unchanged,
        passed_over: report.passed_over,
        made: report.made,
        ignored: report.ignored,
        error_count: report.error_count,
        errors: errors.collect(),
    }
}

/// The wrong rows in one refusal, each on a line of its own.
pub(super) fn refused(report: &Report, format: Format) -> Refusal {
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    for problem in report.errors.iter().take(10) {
        let said = problem.sentences(format);
        zh.push(said.0);
        en.push(said.1);
    }
    if let Some(more) = report.error_count.checked_sub(10).filter(|more| *more > 0) {
        zh.push(format!("还有 {more} 处有问题。"));
        en.push(format!("{more} more are wrong."));
    }
    zh.push("没有导入任何内容，请修改后再导入。".to_owned());
    en.push("Nothing was imported. Correct the file and import it again.".to_owned());
    Refusal::invalid("file", zh.join("\n"), en.join("\n"))
}

/// The file of a request: its form by `format`, by the content type, or by what it begins with.
pub(super) async fn wanted(context: &mut Context, what: What) -> Result<Import, Refusal> {
    let unknown = || {
        Refusal::invalid(
            "file",
            "只能导入 CSV、XLSX 或 JSON 文件，请换一个文件。",
            "Only CSV, XLSX and JSON files can be imported. Choose another file.",
        )
    };
    let said = context.header("content-type").unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim().to_owned();
    let named = context.query("format").filter(|text| !text.is_empty());
    let format = match (&named, said.as_str()) {
        (Some(name), _) => Some(Format::named(name).ok_or_else(unknown)?),
        (None, "text/csv") => Some(Format::Csv),
        (None, "application/json") => Some(Format::Json),
        (None, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet") => Some(Format::Xlsx),
        // What browsers say of a file they do not know.
        (None, "" | "application/octet-stream" | "application/vnd.ms-excel") => None,
        (None, _) => return Err(unknown()),
    };
    let bytes = context.bytes(what.largest()).await?;
    let format = format.or_else(|| Format::guess(&bytes)).ok_or_else(unknown)?;
    Ok(Import {
        shop: context.shop()?,
        what,
        format,
        bytes: bytes.to_vec(),
        dry: context
            .query("dry")
            .is_some_and(|dry| dry == "true" || dry == "1"),
        by: Some(context.agent()?.id),
    })
}

async fn import_of(mut context: Context, what: What) -> Result<Reply, Refusal> {
    let wanted = wanted(&mut context, what).await?;
    let installation = context.app.installation.clone();
    // Carried to its end even when the browser has gone: who looks again sees all of it or none.
    let importing = tokio::spawn(async move { exchange::import(&installation, wanted, &|_, _| {}).await });
    let report = importing.await.map_err(|_| Refusal::Unavailable)??;
    Ok(reply::json(StatusCode::OK, &view(report, context.language())))
}

async fn customers(context: Context) -> Result<Reply, Refusal> {
    let format = download::format(&context)?;
    let shop = context.shop()?;
    let installation = &context.app.installation;
    let bad = || {
        Refusal::invalid(
            "ids",
            format!("请选择最多 {NAMED} 位客户，或者按条件导出。"),
            format!("Name at most {NAMED} customers, or export by a filter."),
        )
    };
    let asked = |name: &str| context.query(name).filter(|text| !text.is_empty());
    let ids = match (asked("ids"), asked("filter")) {
        (Some(text), None) => {
            let ids = text.split(',').map(|id| id.trim().parse());
            let mut ids: Vec<CustomerId> = ids.collect::<Result<_, _>>().map_err(|_| bad())?;
            if ids.len() > NAMED {
                return Err(bad());
            }
            if ids.iter().any(|id| id.shop() != shop) {
                return Err(Refusal::NotFound("customer"));
            }
            ids.sort_unstable();
            ids.dedup();
            ids
        }
        (None, filter) => {
            let filter = filter.map(|text| serde_json::from_str::<Filter>(&text));
            let filter = filter
                .transpose()
                .map_err(|error| Refusal::Malformed(error.to_string()))?
                .unwrap_or_default();
            installation.people.select(shop, &filter, Sight::All).await?
        }
        _ => return Err(bad()),
    };
    let out = Out::customers(installation, shop, ids, context.language())?;
    send(context, out, format, None).await
}

async fn tags(context: Context) -> Result<Reply, Refusal> {
    let format = download::format(&context)?;
    let out = Out::tags(&context.app.installation, context.shop()?)?;
    send(context, out, format, None).await
}

async fn texts(context: Context) -> Result<Reply, Refusal> {
    let format = download::format(&context)?;
    texts_out(context, Shelf::Shared, format).await
}

/// A box of quick replies as a table.
pub(super) async fn texts_out(context: Context, shelf: Shelf, format: Format) -> Result<Reply, Refusal> {
    let out = Out::texts(&context.app.installation, context.shop()?, shelf)?;
    let name = matches!(shelf, Shelf::Mine(_)).then_some(("个人回复", "my-replies"));
    send(context, out, format, name).await
}

async fn send(
    context: Context,
    out: Out,
    format: Format,
    name: Option<(&'static str, &'static str)>,
) -> Result<Reply, Refusal> {
    let what = out.what();
    let done = Done {
        kind: DeedKind::Export,
        count: out.rows() as u32,
        about: format!("{} {}", what.name().1, format.name()),
        topics: Vec::new(),
    };
    deeds::note(&context, done).await?;
    let table = Table {
        format,
        columns: what.columns(),
        name: name.unwrap_or(what.name()),
        zone: exchange::zone(&context.app.installation, context.shop()?),
    };
    Ok(download::table(&context, table, move |row| out.write(row)))
}
