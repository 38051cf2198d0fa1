//! Really uses a destination the way a docking will, on a small object of its own.

use std::time::Duration;

use camdock::cloud::{
    ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Enrolment, ObjectState, Remark, Upload,
    WrongPlace,
};
use camdock::config::DestinationSettings;
use camdock::custody::{Proof, Unproven, Wanted, prove};
use camdock::domain::{
    ByteCount, Fingerprint, LegalHold, Moment, ObjectName, PlaceId, ProofMethod, ProofPolicy, Protection, Retention,
    RetentionPolicy, StationId,
};
use futures::{StreamExt as _, stream};

use super::{Aspect, Finding, Judgement};

/// For how long an object is kept that is put to see whether it is: long enough to look, and soon over.
const BRIEFLY: Duration = Duration::from_mins(5);

/// Which place it is. What needs no person is enrolled here as a docking would.
pub(super) async fn place(
    destination: &dyn Destination,
    settings: &DestinationSettings,
    patience: Duration,
) -> Result<PlaceId, Finding> {
    let asked = async {
        match (destination.place().await?, destination.enrolment()) {
            (Some(place), _) => Ok(place),
            (None, Enrolment::AtFirstContact) => destination.enrol(PlaceId::random()).await,
            (None, Enrolment::ByPerson) => Err(WrongPlace::NotEnrolled(settings.name.clone()).into()),
        }
    };
    let name = settings.name.as_str();
    patiently(patience, asked).await.map_err(|error: DestinationError| match error {
        DestinationError::WrongPlace(_) => Finding::new(name, Aspect::Enrolment, Judgement::Missing, error.to_string()),
        error => trouble(settings, Aspect::Access, &error),
    })
}

/// Puts an object, resumes, commits, proves it both ways, commits again, and tries to delete it. Where objects are to be kept from
/// deletion, sees to it with others whether they are. Each answer must come within `patience`.
pub(in crate::cli) async fn check(
    destination: &dyn Destination,
    place: PlaceId,
    settings: &DestinationSettings,
    station: &StationId,
    now: Moment,
    patience: Duration,
) -> Vec<Finding> {
    let id = format!("{:016x}", fastrand::u64(..));
    let visit = |name: String, content: String, protection| {
        let object = ObjectName::new(&format!("camdock-check/{name}"))?.below(&settings.prefix);
        let fingerprint = Fingerprint::of(content.as_bytes(), ByteCount::new(64 << 10));
        // As with footage, so that it is seen whether the place takes what travels with an object.
        let metadata = vec![("station", station.to_string())];
        let upload = Upload { object, fingerprint, metadata, protection };
        let content = content.into_bytes();
        Some(Visit { destination, place, settings, upload, content, patience, findings: Vec::new() })
    };
    let text = format!("camdock check {id}\n");
    let Some(mut usual) = visit(format!("{station}-{id}"), text.clone(), Protection::NONE) else {
        return vec![Finding::new(
            settings.name.as_str(),
            Aspect::Write,
            Judgement::Failed,
            "no name for a check object",
        )];
    };
    let mut findings = Vec::new();
    // The rest needs an object that is there.
    if usual.write().await {
        usual.attest().await;
        usual.keep().await;
        usual.read_back().await;
        usual.delete().await;
        let RetainedBriefly { retention, legal_hold } = RetainedBriefly::of(settings, now);
        if let Some(mut visit) = retention.and_then(|briefly| visit(format!("{station}-{id}-kept"), text, briefly)) {
            visit.retention(Aspect::Retention).await;
            findings = visit.findings;
        }
        // A legal hold is never lifted, so all checks of all stations share one object.
        if let Some(mut visit) =
            legal_hold.and_then(|held| visit("legal-hold".to_owned(), "camdock check\n".to_owned(), held))
        {
            visit.retention(Aspect::LegalHold).await;
            findings.extend(visit.findings);
        }
    }
    let remarks = destination.remarks();
    usual.findings.into_iter().chain(findings).chain(remarks.iter().map(|remark| told(settings, remark))).collect()
}

/// What is tried of what is asked for: no longer than need be.
struct RetainedBriefly {
    retention: Option<Protection>,
    legal_hold: Option<Protection>,
}

impl RetainedBriefly {
    fn of(settings: &DestinationSettings, now: Moment) -> Self {
        let retention = settings.protection.retention.map(|RetentionPolicy { enforcement, .. }| {
            let until = now.plus(BRIEFLY).second_after();
            Protection { retention: Some(Retention { until, enforcement }), ..Protection::NONE }
        });
        let held = Protection { retention: None, legal_hold: LegalHold::Placed };
        Self { retention, legal_hold: (!settings.protection.legal_hold.is_empty()).then_some(held) }
    }
}

fn told(settings: &DestinationSettings, remark: &Remark) -> Finding {
    let (aspect, judgement, note) = match remark {
        Remark::Token { of, good_for } => {
            let minutes = good_for.as_secs() / 60;
            (Aspect::Token, Judgement::Ok, format!("{of}; good for {minutes} min, and renewed in time"))
        }
        Remark::Clock { gap } => {
            let note = format!(
                "this station's clock is {gap} the destination's. Requests are signed with the destination's time, and \
                 footage is dated with this station's: set up time synchronisation, if it is this one that is wrong"
            );
            (Aspect::Date, Judgement::Warning, note)
        }
        Remark::Unsearchable { why } => {
            let note =
                format!("objects carry no tags, so the cloud's search does not find them by camera and time: {why}");
            (Aspect::Search, Judgement::Warning, note)
        }
    };
    Finding::new(settings.name.as_str(), aspect, judgement, note)
}

struct Visit<'d> {
    destination: &'d dyn Destination,
    place: PlaceId,
    settings: &'d DestinationSettings,
    upload: Upload,
    content: Vec<u8>,
    patience: Duration,
    findings: Vec<Finding>,
}

impl Visit<'_> {
    /// Whether the object was created.
    async fn write(&mut self) -> bool {
        if let Err(error) = self.put().await {
            self.trouble(Aspect::Write, &error);
            return false;
        }
        match self.patiently(self.destination.staged(&self.upload)).await {
            Ok(chunks) if chunks == [0] => self.ok(Aspect::Resume),
            Ok(_) => self.find(
                Aspect::Resume,
                Judgement::Warning,
                "it does not list the chunk that was just sent, so uploads start again",
            ),
            Err(error) => self.trouble(Aspect::Resume, &error),
        }
        match self.patiently(self.destination.commit(&self.upload)).await {
            Ok(CommitOutcome::Created) => {
                self.ok(Aspect::Write);
                true
            }
            Ok(CommitOutcome::AlreadyThere) => {
                let note = "it says that an object with a name just made up is there already. Is it the right place?";
                self.find(Aspect::Write, Judgement::Failed, note);
                false
            }
            Ok(CommitOutcome::ChunksMissing) => {
                self.find(Aspect::Write, Judgement::Failed, "it has lost the chunk that it had just taken");
                false
            }
            Err(error) => {
                self.trouble(Aspect::Write, &error);
                false
            }
        }
    }

    async fn attest(&mut self) {
        match self.prove(ProofPolicy::Attested).await.map(|proof| proof.method()) {
            Ok(ProofMethod::ReadBack) => {
                let note = "it keeps no checksums that camdock can use, so every object will be read back to prove it";
                self.find(Aspect::Attest, Judgement::Warning, note);
            }
            Ok(method) => self.find(Aspect::Attest, Judgement::Ok, format!("by {method}")),
            Err(reason) => self.unproven(Aspect::Attest, &reason),
        }
    }

    /// Commits the same object again, as two stations with the same segment would: the first one must stay.
    async fn keep(&mut self) {
        let again = async {
            let before = self.stat().await?;
            let mut outcome = self.patiently(self.destination.commit(&self.upload)).await?;
            if outcome == CommitOutcome::ChunksMissing {
                self.put().await?;
                outcome = self.patiently(self.destination.commit(&self.upload)).await?;
            }
            Ok((outcome, before == self.stat().await?))
        };
        match again.await {
            Ok((CommitOutcome::AlreadyThere, true)) => self.ok(Aspect::Keep),
            Ok((CommitOutcome::ChunksMissing, true)) => {
                let note = "it kept the object, but could not say so: a second upload lost its chunk";
                self.find(Aspect::Keep, Judgement::Warning, note);
            }
            Ok(_) => {
                let note =
                    "the object was OVERWRITTEN although camdock asked not to. Do not use this place for evidence";
                self.find(Aspect::Keep, Judgement::Failed, note);
            }
            Err(error) => self.trouble(Aspect::Keep, &error),
        }
    }

    async fn read_back(&mut self) {
        match self.prove(ProofPolicy::ReadBack).await {
            Ok(_) => self.ok(Aspect::ReadBack),
            Err(reason) => self.unproven(Aspect::ReadBack, &reason),
        }
    }

    async fn delete(&mut self) {
        match self.patiently(self.destination.try_delete(&self.upload.object)).await {
            Ok(DeleteOutcome::Refused) => {
                let note = format!("refused, as it should be; the check object stays: {}", self.upload.object);
                self.find(Aspect::Delete, Judgement::Ok, note);
            }
            Ok(DeleteOutcome::Deleted) => {
                let fix = self.settings.place.advice_against_deletion();
                let note = format!("delete is ALLOWED. A stolen dock could delete evidence; {fix}");
                self.find(Aspect::Delete, Judgement::Excessive, note);
            }
            Err(error) => self.trouble(Aspect::Delete, &error),
        }
    }

    /// Whether the place keeps this object from deletion as it is asked to.
    async fn retention(&mut self, aspect: Aspect) {
        let wanted = self.upload.protection;
        let proof = async {
            self.put().await?;
            self.patiently(self.destination.commit(&self.upload)).await?;
            match self.prove(ProofPolicy::Attested).await {
                Err(Unproven::Unprotected { version, is, .. }) => {
                    let object = &self.upload.object;
                    self.patiently(self.destination.protect(object, &version, wanted.and(&is))).await?;
                    self.prove(ProofPolicy::Attested).await
                }
                answer => answer,
            }
        };
        let proof: Result<Proof, Unproven> = proof.await;
        match proof {
            Ok(proof) if proof.protection().is_weaker_than(&wanted) => {
                let note = "it keeps objects, but whoever has a special right there can end that at any time";
                self.find(aspect, Judgement::Warning, note);
            }
            Ok(proof) => match self.patiently(self.destination.try_delete(&self.upload.object)).await {
                Ok(DeleteOutcome::Refused) => self.find(aspect, Judgement::Ok, proof.protection().to_string()),
                Ok(DeleteOutcome::Deleted) => {
                    let note = format!("it says of an object: {}; and DELETED it when asked", proof.protection());
                    self.find(aspect, Judgement::Failed, note);
                }
                Err(error) => self.trouble(aspect, &error),
            },
            Err(Unproven::Unprotected { .. }) => {
                let note = "it takes the wish, and the object shows nothing of it. Nothing will count as proven there: switch on \
                            what keeps objects, let the credential read it, or ask for less in the configuration";
                self.find(aspect, Judgement::Failed, note);
            }
            Err(reason) => self.unproven(aspect, &reason),
        }
    }

    async fn put(&self) -> Result<(), DestinationError> {
        let content = bytes::Bytes::from(self.content.clone());
        let open = move || stream::iter([Ok(content.clone())]).boxed();
        let fingerprint = &self.upload.fingerprint;
        let body = ChunkBody::new(fingerprint.size, fingerprint.chunks[0], open);
        self.patiently(self.destination.put_chunk(&self.upload, 0, body)).await
    }

    async fn stat(&self) -> Result<Option<ObjectState>, DestinationError> {
        Ok(self.patiently(self.destination.stat(&self.upload.object)).await?.at(self.place)?)
    }

    async fn prove(&self, policy: ProofPolicy) -> Result<Proof, Unproven> {
        let wanted = Wanted::of(&self.upload, policy);
        self.patiently(prove(self.destination, self.place, wanted, None)).await
    }

    async fn patiently<T, E: From<DestinationError>>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        patiently(self.patience, answer).await
    }

    fn unproven(&mut self, aspect: Aspect, reason: &Unproven) {
        match reason {
            Unproven::Unanswered(error) => self.trouble(aspect, error),
            Unproven::Unprotected { .. } => self.find(aspect, Judgement::Failed, reason.to_string()),
            Unproven::Absent | Unproven::OtherContent | Unproven::Unsteady => {
                let note = format!("asked for the object that was just made: {reason}. Is something else answering?");
                self.find(aspect, Judgement::Failed, note);
            }
        }
    }

    fn trouble(&mut self, aspect: Aspect, error: &DestinationError) {
        self.findings.push(trouble(self.settings, aspect, error));
    }

    fn ok(&mut self, aspect: Aspect) {
        self.find(aspect, Judgement::Ok, "");
    }

    fn find(&mut self, aspect: Aspect, judgement: Judgement, note: impl Into<String>) {
        self.findings.push(Finding::new(self.settings.name.as_str(), aspect, judgement, note));
    }
}

async fn patiently<T, E: From<DestinationError>>(
    patience: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let silence =
        |_| E::from(DestinationError::Unreachable(format!("no answer within {} seconds", patience.as_secs())));
    tokio::time::timeout(patience, answer).await.map_err(silence)?
}

fn trouble(settings: &DestinationSettings, aspect: Aspect, error: &DestinationError) -> Finding {
    let (judgement, note) = match error {
        DestinationError::Unprotected(_) => (Judgement::Missing, error.to_string()),
        DestinationError::Denied { .. } => {
            (Judgement::Missing, format!("{error}. {}", settings.place.advice_for_access()))
        }
        _ => (Judgement::Failed, error.to_string()),
    };
    Finding::new(settings.name.as_str(), aspect, judgement, note)
}

#[cfg(test)]
mod tests;
