//! The documents: links that lead somewhere, and the README in two languages that say the same.

use std::path::{Path, PathBuf};

use super::{files, read, root};

const PORTUGUESE: &str = "appliance/doc/LEIAME.md";

fn documents() -> Vec<PathBuf> {
    let found = files("appliance/doc").into_iter();
    let found = found.filter(|file| file.extension().is_some_and(|kind| kind == "md"));
    found.chain(["README.md", "CHANGELOG.md", "web/README.md"].map(PathBuf::from)).collect()
}

/// What is in a block of code, without the words of people: comments after `#`.
fn blocks(text: &str) -> Vec<String> {
    let blocks = text.split("\n```").skip(1).step_by(2);
    let code = |line: &str| {
        let line = line.split_once(" # ").map_or(line, |(code, _)| code);
        (!line.trim_start().starts_with('#')).then(|| line.trim_end().to_owned())
    };
    let kept = blocks.map(|block| {
        // A drawing has words of people all over.
        let lines = if block.starts_with("mermaid") { 1 } else { usize::MAX };
        block.lines().take(lines).filter_map(code).collect::<Vec<_>>().join("\n")
    });
    kept.collect()
}

/// The text without its blocks of code.
fn prose(text: &str) -> Vec<&str> {
    text.split("\n```").step_by(2).flat_map(str::lines).collect()
}

/// The levels of the headings, in their order.
fn headings(text: &str) -> Vec<usize> {
    let lines = prose(text).into_iter().filter(|line| line.starts_with('#'));
    lines.map(|line| line.len() - line.trim_start_matches('#').len()).collect()
}

/// Each row of each table, as how many cells it has.
fn rows(text: &str) -> Vec<usize> {
    let lines = prose(text).into_iter().filter(|line| line.starts_with('|'));
    lines.map(|line| line.matches('|').count()).collect()
}

/// The `code` in the first cell of each row of a table: names of variables, settings, searches.
fn names(text: &str) -> Vec<String> {
    let cells =
        prose(text).into_iter().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    let code = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    code.map(str::to_owned).collect()
}

/// Pictures, which the Portuguese text has beside it.
fn pictures(text: &str) -> Vec<&str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links
        .filter(|link| link.ends_with(".png"))
        .map(|link| link.rsplit('/').next().unwrap())
        .collect()
}

#[test]
fn the_readme_in_portuguese_has_what_the_one_in_english_has() {
    let (english, portuguese) = (read("README.md"), read(PORTUGUESE));
    assert_eq!(headings(&english), headings(&portuguese));
    assert_eq!(rows(&english), rows(&portuguese));
    assert_eq!(names(&english), names(&portuguese));
    assert_eq!(pictures(&english), pictures(&portuguese));
    let (english, portuguese) = (blocks(&english), blocks(&portuguese));
    for (english, portuguese) in english.iter().zip(&portuguese) {
        assert_eq!(english, portuguese);
    }
    assert_eq!(english.len(), portuguese.len());
    assert!(english.len() > 20, "{}", english.len());
}

/// The place within a page that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_lead_to_files_and_headings_that_are_there() {
    let mut count = 0;
    for document in documents() {
        let text = read(&document);
        let prose = prose(&text).join("\n");
        let links = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            count += 1;
            let (path, place) = link.split_once('#').unwrap_or((link, ""));
            let folder = document.parent().unwrap_or(Path::new(""));
            let target = if path.is_empty() { document.clone() } else { folder.join(path) };
            assert!(root().join(&target).exists(), "{link} in {}", document.display());
            if !place.is_empty() {
                let there = read(&target);
                let found = there.lines().filter(|line| line.starts_with('#')).map(anchor);
                assert!(found.into_iter().any(|known| known == place), "{link}");
            }
        }
    }
    assert!(count > 20, "{count}");
}
