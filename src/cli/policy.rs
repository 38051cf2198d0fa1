//! `camdock gen policy`: the rights that camdock needs at a destination, and no others. None of them is one to delete.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// Whose rights.
#[derive(Debug, Clone, Args)]
pub(super) struct Policy {
    /// The kind of destination
    kind: Kind,
    /// The bucket of S3 or Google; for Azure, where the role is to be known: `/subscriptions/ID`, or a resource group below it
    #[arg(long, value_name = "PLACE")]
    at: String,
    /// What goes before the name of every object there; as `prefix` in the configuration
    #[arg(long, value_name = "PREFIX", default_value = "")]
    prefix: String,
    /// The region, for S3: the names of things differ between AWS, its GovCloud and its Chinese regions
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    region: String,
    /// With the rights that `retention` and `legal_hold` need
    #[arg(long)]
    retention: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Azure,
    S3,
    Gcs,
}

impl Policy {
    /// The policy, as the cloud's own tools take it.
    pub(super) fn text(&self) -> String {
        let policy = match self.kind {
            Kind::S3 => self.s3(),
            Kind::Azure => self.azure(),
            Kind::Gcs => self.gcs(),
        };
        format!("{policy:#}\n")
    }

    /// A policy of IAM.
    fn s3(&self) -> Value {
        let partition = match &self.region {
            region if region.starts_with("us-gov-") => "aws-us-gov",
            region if region.starts_with("cn-") => "aws-cn",
            _ => "aws",
        };
        let bucket = format!("arn:{partition}:s3:::{}", self.at);
        let prefix = self.prefix.trim_end_matches('/');
        let below = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let mut evidence = vec![
            "s3:PutObject",
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:ListMultipartUploadParts",
            "s3:AbortMultipartUpload",
        ];
        if self.retention {
            evidence.extend([
                "s3:PutObjectRetention",
                "s3:GetObjectRetention",
                "s3:PutObjectLegalHold",
                "s3:GetObjectLegalHold",
            ]);
        }
        json!({
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Evidence",
                    "Effect": "Allow",
                    "Action": evidence,
                    // The enrolment and the probe are the bucket's own.
                    "Resource": [format!("{bucket}/{below}*"), format!("{bucket}/.camdock/*")]
                },
                { "Sid": "WhatIsNotThere", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [bucket] }
            ]
        })
    }

    /// A role of one's own, and the binding that gives it to a station's identity for the one place. To find out that an object is not
    /// there takes the right to list, which is asked of the bucket itself.
    fn gcs(&self) -> Value {
        let mut evidence = vec!["storage.objects.create", "storage.objects.get", "storage.objects.list"];
        if self.retention {
            evidence.extend(["storage.objects.setRetention", "storage.objects.update"]);
        }
        let bucket = format!("projects/_/buckets/{}", self.at);
        let prefix = self.prefix.trim_end_matches('/');
        let below = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        json!({
            "role": {
                "title": "camdock station",
                "description": "Creates and reads evidence. It deletes nothing.",
                "stage": "GA",
                "includedPermissions": evidence
            },
            "binding": {
                "role": "projects/PROJECT/roles/camdockStation",
                "members": ["serviceAccount:STATION@PROJECT.iam.gserviceaccount.com"],
                "condition": {
                    "title": "evidence",
                    // The enrolment is the bucket's own.
                    "expression": format!(
                        "resource.name == '{bucket}' || resource.name.startsWith('{bucket}/objects/{below}') || \
                         resource.name.startsWith('{bucket}/objects/.camdock/')"
                    )
                }
            }
        })
    }

    /// A role of one's own.
    fn azure(&self) -> Value {
        let blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
        let mut evidence = vec!["read", "write", "add/action", "tags/write"];
        if self.retention {
            evidence.push("immutableStorage/runAsSuperUser/action");
        }
        let evidence: Vec<_> = evidence.into_iter().map(|right| format!("{blobs}/{right}")).collect();
        json!({
            "Name": "camdock station",
            "IsCustom": true,
            "Description": "Creates and reads evidence. It deletes nothing.",
            "Actions": [],
            "NotActions": [],
            "DataActions": evidence,
            "NotDataActions": [format!("{blobs}/delete"), format!("{blobs}/deleteBlobVersion/action")],
            "AssignableScopes": [self.at]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(kind: Kind) -> Policy {
        let (at, prefix, region) = ("evidence".to_owned(), "north".to_owned(), "us-gov-west-1".to_owned());
        Policy { kind, at, prefix, region, retention: true }
    }

    #[test]
    fn no_policy_allows_anything_to_be_deleted() {
        let s3 = policy(Kind::S3).s3();
        let allowed = s3["Statement"][0]["Action"]
            .as_array()
            .unwrap()
            .iter()
            .chain(s3["Statement"][1]["Action"].as_array().unwrap());
        let azure = policy(Kind::Azure).azure();
        let allowed =
            allowed.chain(azure["DataActions"].as_array().unwrap()).chain(azure["Actions"].as_array().unwrap());
        let gcs = policy(Kind::Gcs).gcs();
        let allowed = allowed.chain(gcs["role"]["includedPermissions"].as_array().unwrap());
        for right in allowed {
            let right = right.as_str().unwrap();
            assert!(!right.to_lowercase().contains("delete") && !right.contains('*'), "{right}");
        }
    }

    #[test]
    fn rights_to_keep_objects_are_given_to_who_asks_for_them() {
        let plain = |kind| Policy { retention: false, ..policy(kind) }.text();
        for (kind, right) in [
            (Kind::S3, "s3:PutObjectRetention"),
            (Kind::Azure, "immutableStorage"),
            (Kind::Gcs, "storage.objects.setRetention"),
        ] {
            assert!(policy(kind).text().contains(right) && !plain(kind).contains(right), "{kind:?}");
        }
    }

    #[test]
    fn a_policy_is_for_the_one_place_in_the_words_of_its_cloud() {
        let s3 = policy(Kind::S3).s3();
        let resources = json!(["arn:aws-us-gov:s3:::evidence/north/*", "arn:aws-us-gov:s3:::evidence/.camdock/*"]);
        assert_eq!(s3["Statement"][0]["Resource"], resources);
        let everywhere = Policy { prefix: String::new(), ..policy(Kind::S3) };
        assert_eq!(everywhere.s3()["Statement"][0]["Resource"][0], "arn:aws-us-gov:s3:::evidence/*");
        let azure: Value = serde_json::from_str(&policy(Kind::Azure).text()).unwrap();
        assert_eq!(azure["AssignableScopes"], json!(["evidence"]));
        let gcs = policy(Kind::Gcs).gcs();
        let condition = "resource.name == 'projects/_/buckets/evidence' || \
                         resource.name.startsWith('projects/_/buckets/evidence/objects/north/') || \
                         resource.name.startsWith('projects/_/buckets/evidence/objects/.camdock/')";
        assert_eq!(gcs["binding"]["condition"]["expression"], condition);
    }
}
