//! What draws pictures.

#[cfg(windows)]
use std::path::Path;

use serde::Deserialize;

use crate::agent::inventory::words::short;
#[cfg(windows)]
use crate::agent::wmi_rows;
use crate::wire::sections::Gpu;
#[cfg(windows)]
use crate::wire::sections::{Content, Gpus};

/// A row of `Win32_VideoController`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct VideoController {
    adapter_compatibility: Option<String>,
    name: Option<String>,
    driver_version: Option<String>,
    #[serde(rename = "PNPDeviceID")]
    device_id: Option<String>,
}

/// `None` for what only remote desktops and screen sharing draw on.
fn gpu(row: VideoController) -> Option<Gpu> {
    let id = row.device_id.unwrap_or_default().to_uppercase();
    if id.starts_with(r"ROOT\") || id.starts_with(r"SWD\") {
        return None;
    }
    let text = |text: Option<String>| text.as_deref().and_then(short);
    Some(Gpu {
        vendor: text(row.adapter_compatibility),
        model: text(row.name),
        driver: text(row.driver_version),
    })
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    let query = "SELECT AdapterCompatibility, Name, DriverVersion, PNPDeviceID \
                 FROM Win32_VideoController";
    let rows: Vec<VideoController> = wmi_rows::rows(wmi_rows::CIMV2, query)?;
    Ok(Content::Gpus(Gpus { gpus: rows.into_iter().filter_map(gpu).collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_of_software_do_not_count() {
        let of = |id: &str| VideoController {
            adapter_compatibility: Some("Intel Corporation".into()),
            name: Some("Intel(R) UHD Graphics".into()),
            driver_version: Some("31.0.101.2111".into()),
            device_id: Some(id.into()),
        };
        let expected = Gpu {
            vendor: Some("Intel Corporation".into()),
            model: Some("Intel(R) UHD Graphics".into()),
            driver: Some("31.0.101.2111".into()),
        };
        assert_eq!(gpu(of(r"PCI\VEN_8086&DEV_9BC5\3&11")), Some(expected.clone()));
        assert_eq!(gpu(of("")), Some(expected));
        assert_eq!(gpu(of(r"ROOT\BasicRender\0000")), None);
        assert_eq!(gpu(of(r"SWD\RemoteDisplayEnum\1")), None);
    }
}
