//! How the values of documents are described to programs: ids as texts, times and sizes as numbers, closed lists as their words.

use serde::Serialize;
use serde_json::{Value, json};
use strum::{VariantArray, VariantNames as _};
use utoipa::ToSchema;
use utoipa::openapi::Type;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType};

use crate::domain::{
    BayCause, BayState, CertificateState, Condition, DestinationCause, DestinationState, DiskState, Outcome, Part,
    Removal, SetupCause,
};

/// A value, or none.
fn or_none(kind: Type) -> SchemaType {
    SchemaType::from_iter([kind, Type::Null])
}

/// The words of a closed list as they stand in documents.
fn words_of<T: VariantArray + Serialize>() -> Vec<Value> {
    T::VARIANTS.iter().map(|value| json!(value)).collect()
}

fn one_of(words: Vec<Value>) -> Schema {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

fn one_or_none(mut words: Vec<Value>) -> Schema {
    words.push(Value::Null);
    ObjectBuilder::new().schema_type(or_none(Type::String)).enum_values(Some(words)).into()
}

macro_rules! closed_lists {
    ($($name:ident is $list:ty),+ $(,)?) => {
        $(pub(super) fn $name() -> Schema {
            one_of(words_of::<$list>())
        })+
    };
}

macro_rules! closed_lists_or_none {
    ($($name:ident is $list:ty),+ $(,)?) => {
        $(pub(super) fn $name() -> Schema {
            one_or_none(words_of::<$list>())
        })+
    };
}

closed_lists! {
    bay_state is BayState,
    certificate_state is CertificateState,
    destination_state is DestinationState,
    disk_state is DiskState,
    setup_cause is SetupCause,
}

closed_lists_or_none! {
    bay_cause is BayCause,
    destination_cause is DestinationCause,
    outcome is Outcome,
    removal is Removal,
}

pub(super) fn part() -> Schema {
    one_of(Part::VARIANTS.iter().map(|word| json!(word)).collect())
}

pub(super) fn condition() -> Schema {
    one_of(Condition::VARIANTS.iter().map(|word| json!(word)).collect())
}

/// Milliseconds since 1970 UTC.
pub(super) fn moment() -> Schema {
    time(Type::Integer.into())
}

/// The same, or none.
pub(super) fn moment_or_none() -> Schema {
    time(or_none(Type::Integer))
}

fn time(kind: SchemaType) -> Schema {
    let described = ObjectBuilder::new().schema_type(kind).description(Some("in milliseconds since 1970 UTC"));
    described.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64))).into()
}

/// What could not be set up, and is tried again: [`crate::domain::SetupTrouble`].
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description; what is written is the fact itself")]
pub(super) struct Setup {
    #[schema(schema_with = part)]
    part: String,
    /// Which one, where there are several.
    name: Option<String>,
    #[schema(schema_with = setup_cause)]
    cause: String,
    /// What is wrong, what camdock does about it, and what to do.
    message: String,
}

/// What of a camera does not get through, and is tried again now and then: [`crate::domain::PutOff`].
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description; what is written is the fact itself")]
pub(super) struct PutOff {
    camera: String,
    segments: u64,
    #[schema(schema_with = moment)]
    since: i64,
    /// What was said of the first of them.
    error: String,
}

/// The start of a shift: [`crate::domain::ShiftStart`].
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description; what is written is the fact itself")]
pub(super) struct Shift {
    #[schema(schema_with = moment)]
    at: i64,
    /// By the clock on the station's wall: hours and minutes.
    time: String,
}

/// Cameras that should have come back by now: [`crate::domain::Overdue`].
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description; what is written is the fact itself")]
pub(super) struct Overdue {
    /// How many whole days are too long.
    days: u64,
    cameras: u64,
    /// Those of them that were here last, the latest first, up to a hundred.
    latest: Vec<OverdueCamera>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "a description; what is written is the fact itself")]
pub(super) struct OverdueCamera {
    #[schema(schema_with = moment)]
    since: i64,
    camera: String,
    /// Its last visit; see `/api/v1/dockings/{id}`.
    docking: Option<String>,
}

/// What the page proves itself with: [`crate::domain::Certificate`].
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description; what is written is the fact itself")]
pub(super) struct Certificate {
    #[schema(schema_with = moment)]
    ends_at: i64,
    #[schema(schema_with = certificate_state)]
    state: String,
}

/// What is kept longer: [`crate::domain::Retained`].
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description; what is written is the fact itself")]
pub(super) struct Retained {
    camera: String,
    /// How many segments that is.
    segments: u64,
    /// At which destinations; no other can keep anything from deletion.
    destinations: Vec<String>,
}

/// A camera that is missed no more: [`crate::domain::RetiredCamera`].
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description; what is written is the fact itself")]
pub(super) struct RetiredCamera {
    camera: String,
    /// When it was taken out of its bay for the last time.
    #[schema(schema_with = moment)]
    since: i64,
    /// How many of the segments that were ever taken from it some required destination has not proven. They go on to be told of.
    unproven: u64,
}
