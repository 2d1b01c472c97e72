//! Why a table cannot be read at all. What is wrong with single rows is the caller's to say.
use crate::Format;

/// A reason, with what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Neither UTF-8, UTF-16 with its mark, nor GBK.
    #[error("unknown encoding")]
    Encoding,
    /// A quote that nothing closes.
    #[error("a quote of line {0} is not closed")]
    Quote(usize),
    /// Not a list of objects.
    #[error("not a list of objects, line {0}")]
    Json(usize),
    /// Not a workbook, or a damaged or protected one.
    #[error("not a workbook: {0}")]
    Workbook(String),
    /// Its parts are larger than any table of people is.
    #[error("the workbook unpacks to more than is read")]
    Unpacks,
    /// None of the columns is there.
    #[error("no known column")]
    Headings(Vec<&'static str>, Vec<&'static str>),
    /// More rows than are taken at once.
    #[error("more than {0} rows")]
    Rows(usize),
    /// A row with more cells than a table of people has.
    #[error("line {0} has too many cells")]
    Wide(usize),
    /// A cell with more text than a spreadsheet holds.
    #[error("a cell of line {0} is too long")]
    Long(usize),
    /// No row at all.
    #[error("empty")]
    Empty,
}

impl Wrong {
    /// The reason in Chinese and English.
    #[must_use]
    pub fn words(&self, format: Format) -> (String, String) {
        let (row, line) = match format {
            Format::Json => ("条", "Item"),
            Format::Csv | Format::Xlsx => ("行", "Line"),
        };
        match self {
            Wrong::Encoding => (
                "看不懂文件的编码，请在 Excel 或 WPS 中另存为“CSV UTF-8”或 xlsx 后再导入。".into(),
                "The file's encoding is unknown. Save it as \"CSV UTF-8\" or xlsx and import it again.".into(),
            ),
            Wrong::Quote(at) => (
                format!("第 {at} 行：引号没有结束，请补上后再导入。"),
                format!("Line {at}: a quote is not closed. Close it and import again."),
            ),
            Wrong::Json(at) => (
                format!("第 {at} 行：不是由对象组成的 JSON 列表，请修改后再导入。"),
                format!("Line {at}: not a JSON list of objects. Correct it and import again."),
            ),
            Wrong::Workbook(why) => (
                format!("打不开这个 xlsx 文件（{why}）。请取消密码保护，或重新另存为 xlsx 或 CSV 后再导入。"),
                format!("This xlsx file cannot be read ({why}). Take off its password, or save it again as xlsx or CSV, and import it."),
            ),
            Wrong::Unpacks => (
                "这个 xlsx 文件解压后过大，没有读取。请只保留需要导入的工作表，或另存为 CSV 后再导入。".into(),
                "This xlsx file unpacks to too much and was not read. Keep only the sheet to import, or save it as CSV.".into(),
            ),
            Wrong::Headings(zh, en) => (
                format!("第 1 行需要列名：{}。请先导出一份作为模板。", zh.join("、")),
                format!("Line 1 must name the columns: {}. Export once to have a pattern.", en.join(", ")),
            ),
            Wrong::Rows(most) => (
                format!("一次最多导入 {most} 行，请分成几个文件。"),
                format!("At most {most} rows at once; part the file."),
            ),
            Wrong::Wide(at) => (
                format!("第 {at} {row}的列太多，请删去不需要的列后再导入。"),
                format!("{line} {at} has too many cells. Take away the columns that are not needed."),
            ),
            Wrong::Long(at) => (
                format!("第 {at} {row}有单元格太长，请缩短后再导入。"),
                format!("{line} {at}: a cell is too long. Shorten it and import again."),
            ),
            Wrong::Empty => (
                "文件里没有内容，请检查后再导入。".into(),
                "There is nothing in the file. Look at it and import it again.".into(),
            ),
        }
    }
}
