//! `tatuscan export`: machines into a file, as the API writes them.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use form_urlencoded::Serializer;
use reqwest::Response;
use tempfile::NamedTempFile;

use super::reach::Reached;
use crate::config::Export;
use crate::model::{Text, clean};
use crate::wire::{FILTER_PARAMETERS, PAGE_PARAMETERS};

/// Writes the file.
///
/// # Errors
/// When the server or the store cannot be reached or refuses, or the file cannot be written: then
/// what was there before is as it was.
pub async fn run(export: &Export) -> anyhow::Result<()> {
    let query = query(export)?;
    if export.format == "xlsx" && export.output.is_none() && io::stdout().is_terminal() {
        bail!("A workbook is nothing to show here: name a file for it with -o FILE");
    }
    let server = Reached::open(&export.target).await?;
    let path = format!("/api/export/machines.{}?{query}", export.format);
    let done = async {
        let answer = server.download(&path).await?;
        match &export.output {
            None => printed(answer).await,
            Some(path) => kept(answer, path).await.with_context(|| path.display().to_string()),
        }
    };
    let done = done.await;
    server.close().await;
    done
}

/// The query of the address. Names that the API does not know it would ignore, and then there would be
/// more in the file than was asked for.
fn query(export: &Export) -> anyhow::Result<String> {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(&export.parameters);
    for filter in &export.filters {
        let filter = filter.trim().trim_start_matches('?');
        for (name, value) in form_urlencoded::parse(filter.as_bytes()) {
            let known = || FILTER_PARAMETERS.iter().chain(PAGE_PARAMETERS);
            if !known().any(|parameter| parameter.name == name) {
                let names: Vec<_> = known().map(|parameter| parameter.name).collect();
                let (name, names): (Text, _) = (clean(&name, 40), names.join(", "));
                bail!("--filter has '{name}', but takes {names}");
            }
            query.append_pair(&name, &value);
        }
    }
    Ok(query.finish())
}

async fn printed(answer: Response) -> anyhow::Result<()> {
    match copy(answer, &mut io::stdout().lock()).await {
        // Whoever reads has enough.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        done => done,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

async fn kept(answer: Response, path: &Path) -> anyhow::Result<()> {
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        // A pipe or a device: nothing takes its place.
        return copy(answer, &mut OpenOptions::new().write(true).open(path)?).await;
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(directory)?;
    copy(answer, file.as_file_mut()).await?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(directory)?.sync_all()?;
    Ok(())
}

async fn copy(mut answer: Response, to: &mut impl Write) -> anyhow::Result<()> {
    while let Some(piece) = answer.chunk().await.context("the answer ended early")? {
        to.write_all(&piece)?;
    }
    Ok(to.flush()?)
}
