//! Comma-separated values as spreadsheets write and read them (RFC 4180). Knows no columns.

/// A record with the line it begins on, from 1.
pub(super) type Line = (usize, Vec<String>);

/// Signs a spreadsheet takes for the beginning of a formula, half and full width, and the quote that
/// keeps it from doing so.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\'', '＝', '＋', '－', '＠'];

/// Writes a cell. What could begin a formula gets a quote in front, which spreadsheets show as text.
pub(super) fn cell(out: &mut String, text: &str) {
    out.push('"');
    if text.starts_with(FORMULA) {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

/// A cell's text as it was before [`cell`] made it harmless.
pub(super) fn plain(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) => rest,
        _ => text,
    }
}

/// Reads records; empty lines are left out. The separator is what the first line uses: spreadsheets of some
/// countries write semicolons, copied tables have tabs. `Err` is the line on which a quote was opened that
/// nothing closes.
pub(super) fn read(text: &str) -> Result<Vec<Line>, usize> {
    let first = text.lines().next().unwrap_or_default();
    let separator = [',', ';', '\t']
        .into_iter()
        .max_by_key(|separator| (first.matches(*separator).count(), *separator == ','))
        .unwrap_or(',');
    let mut lines = Vec::new();
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut line, mut began) = (1, 1);
    let mut quoted: Option<usize> = None;
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign == '\n' {
            line += 1;
        }
        match sign {
            '"' if quoted.is_some() && signs.peek() == Some(&'"') => {
                signs.next();
                cell.push('"');
            }
            '"' if quoted.is_some() => quoted = None,
            _ if quoted.is_some() => cell.push(sign),
            '"' if cell.is_empty() => quoted = Some(line),
            '\r' if signs.peek() == Some(&'\n') => {}
            '\n' | '\r' => {
                cells.push(std::mem::take(&mut cell));
                finish(&mut lines, &mut cells, began);
                began = line;
            }
            _ if sign == separator => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(sign),
        }
    }
    if let Some(line) = quoted {
        return Err(line);
    }
    cells.push(cell);
    finish(&mut lines, &mut cells, began);
    Ok(lines)
}

fn finish(lines: &mut Vec<Line>, cells: &mut Vec<String>, began: usize) {
    let cells = std::mem::take(cells);
    if cells.iter().any(|cell| !cell.trim().is_empty()) {
        lines.push((began, cells));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<(usize, Vec<String>)> {
        read(text).unwrap_or_default()
    }

    #[test]
    fn whatever_is_written_is_read_again() {
        for text in [
            "",
            "a",
            "a,b",
            "\"",
            "a\nb",
            "\r",
            "=1+1",
            "'=1",
            "''",
            "'a",
            "－x",
            ";",
            "a\tb",
            "😀\"\",\n\"",
        ] {
            let mut out = String::from("\"a\",\"b\"\n");
            cell(&mut out, text);
            out.push_str(",\"end\"\n");
            let lines = cells(&out);
            let read = lines.last().map(|(_, cells)| plain(&cells[0]).to_owned());
            assert_eq!(read.as_deref(), Some(text), "{out}");
        }
    }

    #[test]
    fn no_cell_begins_a_formula() {
        for sign in FORMULA {
            let mut out = String::new();
            cell(&mut out, &format!("{sign}cmd|' /C calc'!A0"));
            assert!(out.starts_with("\"'"), "{out}");
        }
    }

    #[test]
    fn lines_keep_their_numbers() {
        let lines = cells("a,b\r\n\r\n\"1\n2\",x\r\n,,\r\ny");
        let numbers: Vec<usize> = lines.iter().map(|(line, _)| *line).collect();
        assert_eq!(numbers, [1, 3, 6]);
        assert_eq!(lines[1].1, ["1\n2", "x"]);
    }

    #[test]
    fn other_separators_and_open_quotes_are_known() {
        assert_eq!(cells("a;b\n1,5;2")[1].1, ["1,5", "2"]);
        assert_eq!(cells("a\tb\n1\t2")[1].1, ["1", "2"]);
        assert_eq!(read("a\n\"b\nc"), Err(2));
        assert!(cells("").is_empty());
    }
}
