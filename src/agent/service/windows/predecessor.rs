//! The original's service, whose command line may say how it reports.

/// The settings in a command line such as `"C:\Program Files\TatuScan\TatuScan.exe" -d -interval 30s`.
pub(super) fn settings(command: &str) -> Vec<(&'static str, String)> {
    let mut words = command.split_whitespace();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix('-') else { continue };
        let (flag, value) = match flag.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (flag, None),
        };
        let name = match flag.trim_start_matches('-') {
            "interval" => "TATUSCAN_INTERVAL",
            "l" | "log-level" => "TATUSCAN_LOG_LEVEL",
            _ => continue,
        };
        if let Some(value) = value.or_else(|| words.next()) {
            found.push((name, value.trim_matches('"').to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_originals_service_was_told_is_known() {
        let interval = ("TATUSCAN_INTERVAL", "30s".to_owned());
        let level = ("TATUSCAN_LOG_LEVEL", "debug".to_owned());
        for (command, expected) in [
            (r#""C:\Program Files\TatuScan\TatuScan.exe""#, vec![]),
            (
                r#""C:\Program Files\TatuScan\TatuScan.exe" -d -interval 30s"#,
                vec![interval.clone()],
            ),
            (r#"C:\x\TatuScan.exe --interval="30s" -l debug -d"#, vec![interval, level]),
            (r"C:\my - tools\TatuScan.exe -d -interval", vec![]),
        ] {
            assert_eq!(settings(command), expected, "{command}");
        }
    }
}
