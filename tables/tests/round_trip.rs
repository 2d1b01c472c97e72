//! What is written is read again as it was, whatever people, other systems and attackers put into a cell.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
use proptest::prelude::*;
use std::io::{Cursor, Write};
use weikefu_tables::{Cell, Column, Format, Heading, ROWS, Row, Writer, Wrong, Zone, read, split};

const COLUMNS: &[Column] = &[
    Column::new("name", "昵称", "Name", 20).or(&["姓名"]),
    Column::new("phone", "电话", "Phone", 16).or(&["手机"]),
    Column::new("tags", "标签", "Tags", 20),
    Column::new("count", "次数", "Count", 8),
    Column::new("at", "时间", "Time", 20),
];

const FORMATS: [Format; 3] = [Format::Csv, Format::Xlsx, Format::Json];

fn written(format: Format, rows: &[Vec<Cell<'_>>]) -> Vec<u8> {
    let mut out = Vec::new();
    let zone = Zone::named("Asia/Shanghai");
    let mut writer = Writer::begin(format, COLUMNS, Heading::Chinese, "客户", zone, &mut out).unwrap();
    for row in rows {
        writer.row(row).unwrap();
    }
    writer.finish().unwrap();
    out
}

fn rows(bytes: &[u8], format: Format) -> Result<Vec<Row>, Wrong> {
    let mut rows = Vec::new();
    read(bytes, format, COLUMNS, &mut |row| rows.push(row))?;
    Ok(rows)
}

fn texts(bytes: &[u8], format: Format) -> Vec<Vec<String>> {
    let rows = rows(bytes, format).unwrap();
    let texts = rows
        .into_iter()
        .map(|row| row.cells.into_iter().flatten().collect());
    texts.collect()
}

/// Texts that break naive readers and writers.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,20}",
        prop::sample::select(vec![
            "",
            "=1+1",
            "=cmd|' /C calc'!A0",
            "+86 13800138000",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "'",
            "''",
            "'=1",
            "'a",
            "a\"b",
            "\"",
            "\"\"",
            "a,b",
            "a;b",
            "a\\;b",
            "；",
            "两行\n文字",
            "三\r\n行",
            "😀👨‍👩‍👧",
            "0138",
            "000",
            "1e20",
            "1E5",
            "6222020200112233445",
            "12345678901",
            "1-2",
            "2026-11-23",
            "TRUE",
            "#N/A",
            " 空 格 ",
            "_x0041_",
            "_x005F_",
            "\u{feff}x",
            "\u{1}\u{2}",
            "<&>]]>",
            "𠮷野家",
            "＝1",
            "null",
            "[1]",
            "{}",
            ";",
            "\u{200b}",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn texts_come_back_as_they_went(
        table in prop::collection::vec((nasty(), nasty(), prop::collection::vec(nasty(), 0..4), any::<i32>()), 1..6),
    ) {
        for format in FORMATS {
            let lists: Vec<Vec<&str>> = table
                .iter()
                .map(|(_, _, tags, _)| tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()).collect())
                .collect();
            let cells: Vec<Vec<Cell<'_>>> = table
                .iter()
                .zip(&lists)
                .map(|((name, phone, _, count), tags)| {
                    vec![Cell::Text(name), Cell::Text(phone), Cell::List(tags), Cell::Number((*count).into()), Cell::Time(1_763_942_400_000)]
                })
                .collect();
            let bytes = written(format, &cells);
            prop_assert_eq!(Format::guess(&bytes), Some(format));
            let read = texts(&bytes, format);
            prop_assert_eq!(read.len(), table.len());
            for ((read, (name, phone, _, count)), tags) in read.iter().zip(&table).zip(&lists) {
                prop_assert_eq!(&read[0], name, "{:?}", format);
                prop_assert_eq!(&read[1], phone, "{:?}", format);
                prop_assert_eq!(&split(&read[2]), tags, "{:?}", format);
                prop_assert_eq!(&read[3], &count.to_string(), "{:?}", format);
                prop_assert!(read[4].starts_with("2025-11-24") && read[4].contains("08:00:00"), "{}", &read[4]);
            }
            // Written again from what was read, it is the same file.
            let again: Vec<Vec<String>> = read.iter().map(|row| split(&row[2])).collect();
            let again: Vec<Vec<&str>> = again.iter().map(|tags| tags.iter().map(String::as_str).collect()).collect();
            let cells: Vec<Vec<Cell<'_>>> = read
                .iter()
                .zip(&again)
                .map(|(row, tags)| {
                    vec![Cell::Text(&row[0]), Cell::Text(&row[1]), Cell::List(tags), Cell::Number(row[3].parse().unwrap()), Cell::Time(1_763_942_400_000)]
                })
                .collect();
            if format != Format::Xlsx {
                prop_assert_eq!(written(format, &cells), bytes);
            }
        }
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..400), format in prop::sample::select(FORMATS.to_vec())) {
        drop(rows(&bytes, format));
    }

    #[test]
    fn a_workbook_with_a_hole_is_refused_not_believed(at in 0_usize..4_000, byte in any::<u8>()) {
        let mut bytes = written(Format::Xlsx, &[vec![Cell::Text("张三"), Cell::Text("0138")]]);
        let at = at % bytes.len();
        bytes[at] = byte;
        drop(rows(&bytes, Format::Xlsx));
    }
}

#[test]
fn no_cell_of_a_csv_begins_a_formula() {
    for text in [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\tx",
        "\rx",
        "\nx",
        "＝1",
        "=HYPERLINK(\"http://x\",\"y\")",
    ] {
        let bytes = written(Format::Csv, &[vec![Cell::Text("a"), Cell::Text(text)]]);
        let csv = String::from_utf8(bytes).unwrap();
        assert!(
            csv.starts_with('\u{feff}') && csv.contains("\"a\",\"'"),
            "{csv:?}"
        );
    }
}

#[test]
fn headings_are_found_by_any_of_their_names_in_any_order() {
    let csv = "备注,手机, NAME \n随便,13800138000,张三\n";
    let mut rows = Vec::new();
    let head = read(csv.as_bytes(), Format::Csv, COLUMNS, &mut |row| rows.push(row)).unwrap();
    assert_eq!(head.ignored, ["备注"]);
    assert_eq!((rows[0].line, head.rows), (2, 1));
    assert_eq!(
        rows[0].cells,
        [Some("张三".into()), Some("13800138000".into()), None, None, None]
    );
    assert!(matches!(rows_of("x,y\n1,2\n"), Err(Wrong::Headings(..))));
    assert_eq!(rows_of("昵称\n\n ,\n"), Err(Wrong::Empty));
    assert_eq!(rows_of(""), Err(Wrong::Empty));
}

fn rows_of(csv: &str) -> Result<Vec<Row>, Wrong> {
    rows(csv.as_bytes(), Format::Csv)
}

#[test]
fn what_a_chinese_excel_saves_is_read() {
    let csv = "昵称,电话\r\n张三丰，武当,13800138000\r\n";
    let (gbk, _, lossy) = encoding_rs::GBK.encode(csv);
    assert!(!lossy && std::str::from_utf8(&gbk).is_err());
    let mut utf16 = vec![0xff, 0xfe];
    for unit in csv.replace(',', "\t").encode_utf16() {
        utf16.extend(unit.to_le_bytes());
    }
    for bytes in [gbk.to_vec(), utf16, csv.as_bytes().to_vec()] {
        assert_eq!(texts(&bytes, Format::Csv), [["张三丰，武当", "13800138000"]]);
    }
    assert_eq!(rows(b"\x00\x01\xff\xfe", Format::Csv), Err(Wrong::Encoding));
    assert_eq!(rows("昵称\na\0b\n".as_bytes(), Format::Csv), Err(Wrong::Encoding));
}

#[test]
fn lines_keep_their_numbers_and_open_quotes_are_told() {
    let rows = rows_of("昵称;电话\r\n\r\n\"一\n二\";1\r\n;;\r\n三;2").unwrap();
    let lines: Vec<usize> = rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [3, 6]);
    assert_eq!(rows[0].cells[0].as_deref(), Some("一\n二"));
    assert_eq!(rows_of("昵称\n好\n\"开\n1\n2\n"), Err(Wrong::Quote(3)));
    assert_eq!(
        rows_of("昵称\n5\" 管子\n").unwrap()[0].cells[0].as_deref(),
        Some("5\" 管子")
    );
}

#[test]
fn json_takes_numbers_lists_and_nothing() {
    let json =
        r#"[{"name":"张","phone":13800138000,"tags":["a;b","c"]},{"姓名":"李","tags":null,"x":{"y":1}}]"#;
    let mut rows = Vec::new();
    let head = read(json.as_bytes(), Format::Json, COLUMNS, &mut |row| rows.push(row)).unwrap();
    assert_eq!(head.ignored, ["x"]);
    assert_eq!(rows[0].cells[1].as_deref(), Some("13800138000"));
    assert_eq!(split(rows[0].cells[2].as_deref().unwrap()), ["a;b", "c"]);
    assert_eq!(
        (&rows[1].cells[1], rows[1].cells[2].as_deref()),
        (&None, Some(""))
    );
    for (wrong, expected) in [
        ("{}", Wrong::Json(1)),
        ("[1]", Wrong::Json(1)),
        ("[\n{]", Wrong::Json(2)),
        ("[]", Wrong::Empty),
    ] {
        assert_eq!(
            self::rows(wrong.as_bytes(), Format::Json),
            Err(expected),
            "{wrong}"
        );
    }
    assert!(matches!(
        self::rows(br#"[{"x":1}]"#, Format::Json),
        Err(Wrong::Empty | Wrong::Headings(..))
    ));
    let deep = "[".repeat(100_000);
    assert!(matches!(
        self::rows(deep.as_bytes(), Format::Json),
        Err(Wrong::Json(_))
    ));
}

#[test]
fn there_are_bounds() {
    let mut csv = String::from("昵称\n");
    csv.push_str(&"a\n".repeat(ROWS));
    assert_eq!(rows_of(&csv).unwrap().len(), ROWS);
    csv.push_str("b\n");
    assert_eq!(rows_of(&csv), Err(Wrong::Rows(ROWS)));
    assert_eq!(
        rows_of(&format!("昵称\n{}\n", ",".repeat(300))),
        Err(Wrong::Wide(2))
    );
    assert_eq!(
        rows_of(&format!("昵称\n{}\n", "长".repeat(50_000))),
        Err(Wrong::Long(2))
    );
    for wrong in [
        Wrong::Encoding,
        Wrong::Quote(1),
        Wrong::Json(1),
        Wrong::Workbook("x".into()),
        Wrong::Unpacks,
        Wrong::Headings(vec!["昵称"], vec!["Name"]),
        Wrong::Rows(1),
        Wrong::Wide(1),
        Wrong::Long(1),
        Wrong::Empty,
    ] {
        for format in FORMATS {
            let (zh, en) = wrong.words(format);
            assert!(!zh.is_ascii() && en.is_ascii() && en.len() > 20, "{zh} {en}");
        }
    }
}

/// A workbook with one part replaced.
fn workbook_with(name: &str, content: &mut dyn std::io::Read) -> Vec<u8> {
    let plain = written(Format::Xlsx, &[vec![Cell::Text("张三")]]);
    let mut archive = zip::ZipArchive::new(Cursor::new(plain)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let its = part.name().unwrap().into_owned();
        if its != name {
            out.start_file(its, options).unwrap();
            std::io::copy(&mut part, &mut out).unwrap();
        }
    }
    out.start_file(name, options).unwrap();
    std::io::copy(content, &mut out).unwrap();
    out.finish().unwrap().into_inner()
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    use std::io::Read;
    for (name, size) in [
        ("xl/sharedStrings.xml", 64_u64 << 20),
        ("xl/worksheets/sheet1.xml", 200 << 20),
        ("xl/styles.xml", 5 << 20),
        ("xl/media/x.bin", 17 << 20),
        ("elsewhere/y", 5 << 20),
    ] {
        let bomb = workbook_with(name, &mut std::io::repeat(b' ').take(size));
        assert!(bomb.len() < 1 << 20, "{name}: {}", bomb.len());
        assert_eq!(rows(&bomb, Format::Xlsx), Err(Wrong::Unpacks), "{name}");
    }
    let mut many = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..1_001 {
        many.start_file(at.to_string(), zip::write::SimpleFileOptions::default())
            .unwrap();
    }
    let many = many.finish().unwrap().into_inner();
    assert_eq!(rows(&many, Format::Xlsx), Err(Wrong::Unpacks));
    let mut other = zip::ZipWriter::new(Cursor::new(Vec::new()));
    other
        .start_file("a", zip::write::SimpleFileOptions::default())
        .unwrap();
    other.write_all(b"b").unwrap();
    let other = other.finish().unwrap().into_inner();
    assert!(matches!(rows(&other, Format::Xlsx), Err(Wrong::Workbook(_))));
}

#[test]
fn a_sheet_with_one_cell_in_the_last_corner_is_small() {
    let sheet = |cells: &str| {
        format!(
            "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
             <dimension ref=\"A1:XFD1048576\"/><sheetData>{cells}</sheetData></worksheet>"
        )
    };
    let heading = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>昵称</t></is></c></row>";
    let far = sheet(&format!(
        "{heading}<row r=\"1048576\"><c r=\"A1048576\" t=\"inlineStr\"><is><t>末</t></is></c></row>"
    ));
    let read = rows(
        &workbook_with("xl/worksheets/sheet1.xml", &mut far.as_bytes()),
        Format::Xlsx,
    )
    .unwrap();
    assert_eq!((read.len(), read[0].line), (1, 1_048_576));
    let wide = sheet(&format!("{heading}<row r=\"2\"><c r=\"XFD2\"><v>1</v></c></row>"));
    let read = rows(
        &workbook_with("xl/worksheets/sheet1.xml", &mut wide.as_bytes()),
        Format::Xlsx,
    );
    assert_eq!(read, Err(Wrong::Wide(2)));
}
