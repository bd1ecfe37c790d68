//! As many machines as one import may change, and many on each store.

use std::time::{Duration, Instant};

use serde_json::json;
use tatuscan::inventory::MOST_IMPORTED;
use tatuscan::model::{Machine, MachineId};

use super::import;
use crate::export::open_to_all;
use crate::store::places::{self, Place};
use crate::support::machines::report;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_store_takes_the_largest_import() {
    let took = largest(places::plain().await, MOST_IMPORTED).await.unwrap();
    // 5 s are promised of a program that is not built for debugging.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_takes_a_large_import() {
    largest(places::sqlite().await, MOST_IMPORTED / 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_takes_a_large_import() {
    largest(places::postgres().await, MOST_IMPORTED / 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysql_takes_a_large_import() {
    largest(places::mysql().await, MOST_IMPORTED / 2).await;
}

/// One more machine than may be is refused; so many are changed, each in all fields of its row.
async fn largest(place: Option<Box<dyn Place>>, count: usize) -> Option<Duration> {
    let place = place?;
    let store = place.open().await;
    let machine = Machine::first_seen(report("", 0));
    let machines: Vec<_> = (0..=MOST_IMPORTED)
        .map(|number| Machine {
            id: MachineId::stored(&format!("m{number}")),
            hostname: format!("IFMT-{number:06}").into(),
            ..machine.clone()
        })
        .collect();
    for piece in machines.chunks(1_000) {
        store.import_machines(piece.to_vec()).await.unwrap();
    }
    let server = open_to_all(store).await;
    let file = |count: usize| {
        let mut file = String::from("NUMERO;DATA DA CARGA;Sala;Etiquetas;Modelo;Observações\n");
        for number in 0..count {
            let row = "15/01/2024;Lab 12;\"lab, linux\";Dell OptiPlex;\"moved\nin March\"\n";
            file.push_str(&format!("{number:06};{row}"));
        }
        file
    };
    let (status, refused) = import(&server, "", file(MOST_IMPORTED + 1)).await;
    let said = "The file changes 20001 machines, but an import changes at most 20000; split it";
    assert_eq!((status, &refused["error"]), (400, &json!(said)));
    let started = Instant::now();
    let (status, answer) = import(&server, "", file(count)).await;
    let took = started.elapsed();
    assert_eq!((status, &answer["changed"]), (200, &json!(count)), "{}", answer["error"]);
    println!("{count} machines in {took:?}");
    Some(took)
}
