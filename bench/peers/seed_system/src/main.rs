//! A stand-in for the seed system, written from its description, not from its source: an HTTP service that deals
//! batches of posts as JSON, by a stored plan of row ids, with one prepared query for each post and one for its tags.
//!
//! Where the description leaves a choice, the faster one was taken: plans lie in memory, statements stay prepared, every
//! worker thread keeps its connection, the database is mapped, and a covering index answers the query for tags.
//!
//!   seed-system --database posts.sqlite --listen 127.0.0.1:0
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};

thread_local! {
    static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

struct Plan {
    rows: Vec<i64>,
    batch_size: usize,
}

struct Service {
    database: String,
    plans: Mutex<HashMap<u64, Arc<Plan>>>,
}

#[derive(Deserialize)]
struct PlanRequest {
    seed: u64,
    batch_size: usize,
}

#[derive(Serialize)]
struct PlanResponse {
    id: u64,
    batch_count: usize,
}

#[derive(Serialize)]
struct Post {
    id: i64,
    post_id: i64,
    rating: i64,
    width: i64,
    height: i64,
    score: i64,
    tags: Vec<i64>,
}

#[derive(Serialize)]
struct Batch {
    posts: Vec<Post>,
}

type Answer<T> = Result<Json<T>, (StatusCode, String)>;

fn failed(error: impl std::fmt::Display) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

fn with_connection<T>(database: &str, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    CONNECTION.with_borrow_mut(|slot| {
        if slot.is_none() {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(database, flags)?;
            connection.pragma_update(None, "mmap_size", 1_i64 << 40)?;
            *slot = Some(connection);
        }
        read(slot.as_ref().expect("just set"))
    })
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Draws an order of all rows and keeps it, as the seed system kept the row ids of every batch.
async fn new_plan(State(service): State<Arc<Service>>, Query(request): Query<PlanRequest>) -> Answer<PlanResponse> {
    if request.batch_size == 0 {
        return Err((StatusCode::BAD_REQUEST, "batch_size is 0".to_string()));
    }
    let id = request.seed ^ ((request.batch_size as u64) << 48);
    let response = |plan: &Plan| Json(PlanResponse { id, batch_count: plan.rows.len().div_ceil(plan.batch_size) });
    if let Some(plan) = service.plans.lock().expect("no panics").get(&id) {
        return Ok(response(plan));
    }
    let database = service.database.clone();
    let drawn = tokio::task::spawn_blocking(move || {
        let count: i64 = with_connection(&database, |connection| {
            connection.query_row("SELECT max(id) FROM posts", [], |row| row.get(0))
        })?;
        let mut rows: Vec<i64> = (1..=count).collect();
        let mut state = request.seed;
        for i in (1..rows.len()).rev() {
            rows.swap(i, ((u128::from(next(&mut state)) * (i as u128 + 1)) >> 64) as usize);
        }
        Ok::<_, rusqlite::Error>(rows)
    });
    let rows = drawn.await.map_err(failed)?.map_err(failed)?;
    let plan = Arc::new(Plan { rows, batch_size: request.batch_size });
    service.plans.lock().expect("no panics").insert(id, plan.clone());
    Ok(response(&plan))
}

fn read_posts(connection: &Connection, rows: &[i64]) -> rusqlite::Result<Vec<Post>> {
    let mut posts =
        connection.prepare_cached("SELECT id, post_id, rating, width, height, score FROM posts WHERE id = ?1")?;
    let mut tags = connection.prepare_cached("SELECT tag_id FROM post_tags WHERE post_id = ?1")?;
    rows.iter()
        .map(|id| {
            let mut post = posts.query_row([id], |row| {
                Ok(Post {
                    id: row.get(0)?,
                    post_id: row.get(1)?,
                    rating: row.get(2)?,
                    width: row.get(3)?,
                    height: row.get(4)?,
                    score: row.get(5)?,
                    tags: Vec::new(),
                })
            })?;
            post.tags = tags.query_map([post.post_id], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(post)
        })
        .collect()
}

async fn batch(State(service): State<Arc<Service>>, Path((id, step)): Path<(u64, usize)>) -> Answer<Batch> {
    let plan = service.plans.lock().expect("no panics").get(&id).cloned();
    let plan = plan.ok_or((StatusCode::NOT_FOUND, format!("no plan {id}")))?;
    let first = step * plan.batch_size;
    if first >= plan.rows.len() {
        return Err((StatusCode::NOT_FOUND, format!("no batch {step}")));
    }
    let database = service.database.clone();
    let read = tokio::task::spawn_blocking(move || {
        let rows = &plan.rows[first..plan.rows.len().min(first + plan.batch_size)];
        with_connection(&database, |connection| read_posts(connection, rows))
    });
    Ok(Json(Batch { posts: read.await.map_err(failed)?.map_err(failed)? }))
}

fn argument(name: &str) -> String {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).unwrap_or_else(|| {
        eprintln!("seed-system: {name} is missing; usage: seed-system --database FILE --listen HOST:PORT");
        std::process::exit(2)
    })
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let service = Arc::new(Service { database: argument("--database"), plans: Mutex::default() });
    let routes = Router::new()
        .route("/plans/new", get(new_plan))
        .route("/plans/{id}/batches/{step}", get(batch))
        .with_state(service);
    let listener = tokio::net::TcpListener::bind(argument("--listen")).await?;
    println!("listening on {}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let stop = async move {
        terminate.recv().await;
    };
    // Not gracefully: clients keep their connections open.
    tokio::select! {
        served = axum::serve(listener, routes).into_future() => served,
        () = stop => Ok(()),
    }
}
