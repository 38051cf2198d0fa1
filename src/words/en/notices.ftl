# English. Each message is named by its notice's id; its attribute `advice` says what to do.

## What goes on in a bay
bay-empty = No camera.
bay-identifying = Finding out which camera this is.
bay-camera-after-all = It is a camera after all.
bay-exchanged = Something was put into the camera or taken out of it. Looking again.
bay-no-camera = { $why }
bay-camera-silent = The camera no longer answers. What was copied goes on uploading.
    .advice = Put the camera in again for the rest.
bay-silent-with-nothing-left = The camera no longer answers. Nothing was left on it: take it out.
bay-camera-fails = Not done: { $error }. camdock tries again by itself.
    .advice = If that does not help, take it out and put it in again.
bay-other-serial = The camera called itself { $before }, and now { $now }. Nothing on it is changed.
    .advice = Take it out and put it in again.
bay-same-serial = Bay { $other } holds a camera with the same serial, { $camera }.
    .advice = Take that one out; then this one is served.
bay-copying = Copying from the camera: { $done } of { $total } segments.
bay-spool-fails = Nothing is copied: { $error }. Nothing is wiped; the camera keeps everything.
bay-bad-copy = Copying again: { $error }.
bay-comparing = Uploading. Reading the camera again to compare: { $done } of { $total }.
bay-uploading =
    Uploading: { $segments ->
        [one] { $segments } segment
       *[other] { $segments } segments
    } to go. The camera may be taken; the wipe then waits for its next docking.
bay-wipe-awaits-examination = Everything is uploaded. Wiping waits: camdock is still checking its ledger and spool after the start.
bay-wipe-awaits-spool = Everything is uploaded. Wiping waits: the spool cannot be read.
bay-wipe-awaits-destination = Wiping waits: { $error }. It goes on by itself.
bay-wipe-overdue = Wiping waits: { $error }. It goes on by itself once the destination answers: it has waited for more than an hour.
bay-wiping = Every required copy is proven. Deleting the files from the camera.
bay-ready = Uploaded, proven and wiped.
    .advice = Take this one.
bay-was-empty = It was empty.
    .advice = Take this one.
bay-went-by-itself = Nothing is left on it, and it was not camdock that deleted what was.
    .advice = Take this one.
bay-still-written =
    { $files ->
        [one] { $files } file is still being written; camdock takes it as soon as it rests.
       *[other] { $files } files are still being written; camdock takes them as soon as they rest.
    }
bay-restless =
    { $files ->
        [one] Waiting until { $files } file has not changed for a while, since it may still be written; camdock takes it then.
       *[other] Waiting until { $files } files have not changed for a while, since they may still be written; camdock takes them then.
    }
bay-held-open =
    { $files ->
        [one] A program on this machine has { $files } file open, so it is not deleted yet; it goes on by itself.
       *[other] A program on this machine has { $files } files open, so they are not deleted yet; it goes on by itself.
    }
bay-looping =
    { $files ->
        [one] The camera makes { $files } file anew whenever it is deleted, so camdock takes it less and less often; everything else is done.
       *[other] The camera makes { $files } files anew whenever they are deleted, so camdock takes them less and less often; everything else is done.
    }
    .advice = See: camdock problems.
bay-spool-full =
    { $files ->
        [one] The spool is full, so { $files } file waits on the camera.
       *[other] The spool is full, so { $files } files wait on the camera.
    } Copying goes on by itself once uploads have made room.
bay-spool-stuck =
    { $files ->
        [one] The spool is full of what waits for a person, so { $files } file waits on the camera.
       *[other] The spool is full of what waits for a person, so { $files } files wait on the camera.
    } Copying goes on by itself once there is room.
    .advice = See: camdock problems.
bay-disk-full =
    { $files ->
        [one] Something else fills the disk that holds the station's data, so { $files } file waits on the camera.
       *[other] Something else fills the disk that holds the station's data, so { $files } files wait on the camera.
    }
    .advice = Make room there; copying goes on by itself.
bay-damaged-volume = { $why } What can be read is uploaded, and an image of it; nothing is deleted.
    .advice = A person must look at it: camdock problems.
bay-write-protected = Everything on it is uploaded, but it can only be read, so its files stay on it.
    .advice = Is the lock of its card switched on?
bay-missing =
    Evidence is missing: { $segments ->
        [one] { $segments } segment
       *[other] { $segments } segments
    } taken from this camera earlier, not at every required destination, and not here any more.
    .advice = See: camdock problems, camdock explain { $camera }.
bay-problems =
    A person must look at { $files ->
        [one] { $files } file
       *[other] { $files } files
    }; everything else is safe.
    .advice = See: camdock problems, camdock explain { $camera }.
bay-awaits-destination = { $bay } Waiting for { $name }: { $destination }
bay-not-set-up = Not set up: { $why }.

## What else is in a bay
other-no-camera = { $why }
other-waits-its-turn = { $what } is here too, and served as soon as nothing more can be done for this one.
other-had-its-turn = { $what } is here still, though it had its turn: take it out.

## What a person must look at, told after the file's name
problem-oddity =
    it is { $kind ->
        [symbolic-link] a symbolic link
        [fifo] a named pipe
        [socket] a socket
        [device] a device node
        [mount-point] another file system, mounted inside the camera
       *[unreadable] an entry that cannot be read
    }; camdock left it on the camera and took everything else.
problem-unreadable = it cannot be read ({ $error }); it stays on the camera, and is tried again now and then.
    .advice = Mend its permissions or the medium.
problem-damaged-at-source = { $missing } bytes of it cannot be read; the rest is uploaded, marked as damaged, and the original stays on the camera.
    .advice = Have it tried again to read it once more.
problem-damaged-volume = its file system is damaged or was not closed properly. An image of it is uploaded, marked as damaged ({ $missing } bytes of it cannot be read), and nothing is deleted from the camera.
    .advice = Look at the copies, then mend or format the camera by hand; have it tried again to take the image once more.
problem-too-large = it has { BYTES($size) }, more than the spool can ever hold; it stays on the camera.
    .advice = Give the station's data_dir a larger disk, then have it tried again.
problem-not-deleted = it is proven everywhere, but the camera does not let it be deleted ({ $error }).
    .advice = Mend its permissions or the medium, then have it tried again.
problem-unsteady = it reads differently each time: the medium is failing. Each version is uploaded, and the original stays on the camera.
    .advice = Look at the copies, then have it tried again to read it once more.
problem-other-content = the destination already has an object of this name with other content; nothing was overwritten.
    .advice = Find out who put it there, then have it tried again.
problem-recreated = the camera writes it anew whenever it is deleted. Each is uploaded and proven, but less and less often.
    .advice = If it is no evidence, name it in the profile's `leave`, or have the camera stop writing while it is docked.
problem-read-only = it can only be read, so what is proven stays on it.
    .advice = Switch off the lock of its card, or mount it so that it can be written to; camdock goes on by itself then.
problem-many = when last counted, the same was so of { $count } entries of this camera, such as { $examples }. Of each: { $like }
problem-refused = the destination refuses it ({ $error }).
    .advice = Mend the cause, then have it tried again.
problem-undelivered = it does not get through to the destination, which is well ({ $error }); camdock tried for hours, and keeps its copy.
    .advice = Mend the cause, then have it tried again.
problem-ledger-rebuilt =
    the station's ledger was damaged or missing, and was made anew from what could be read: { $lost ->
        [0] all { $saved } entries of the custody log
        [unknown] { $saved } entries of the custody log were saved, nobody can tell of how many
       *[other] { $saved } entries of the custody log were saved, the last { $lost } were not
    }. What is on the cameras and in the spool is taken up again by itself, and every destination is asked; the history and the problems of the lost entries are only in the old file, which is kept under this name if there was one.
    .advice = Have the disk looked at. `camdock retry` says that you have seen this.
problem-only-on-camera = no copy of it is left here, and a required destination has not proven its own. The destinations are asked again now and then, and when you have it tried again.
    .advice = Dock its camera again: it may still have it, and then everything goes on by itself.
problem-only-elsewhere = a required destination lacks it, no copy is left here, and its camera does not have it any more; but another destination has proven its copy. The destinations are asked again now and then.
    .advice = `camdock explain` tells which has it; bring it from there to where it is missing. `camdock retry` says that you have seen this.
problem-lost = LOST: it was taken from its camera, no copy is left here, no destination has proven one, and the camera does not have it any more. The destinations are asked again now and then.
    .advice = `camdock explain` tells everything that is known of it. Another station or the destination's own versions may have it. `camdock retry` says that you have seen this.

## The station
setup =
    { $part ->
        [clock] This station's clock and a destination's differ
       *[other] { $part ->
                [destination] Destination { $name }
                [bay] Bay { $name }
                [profile] Profile { $name }
                [page] The page
                [lamp] The lamp of bay { $name }
                [station-lamp] The station's lamp
                [users] The list of users
                [certificate] The certificate of the page
                [operators] The group of operators
               *[control-socket] The commands' socket
            } is not set up
    }: { $message }.
station-disk-full = The disk that holds the station's data is full: what is proven and wiped goes first.
    .advice = Make room on it.
station-started = camdock { $version } runs, for station { $station }.
station-stopping = camdock stops; everything it was doing goes on at the next start.
station-page-open = The page is at { $address }
station-door-lost = { $error }. camdock listens again.
station-set-up =
    { $part ->
        [clock] This station's clock and its destinations' agree
       *[other] { $part ->
                [destination] Destination { $name }
                [bay] Bay { $name }
                [profile] Profile { $name }
                [page] The page
                [lamp] The lamp of bay { $name }
                [station-lamp] The station's lamp
                [users] The list of users
                [certificate] The certificate of the page
                [operators] The group of operators
               *[control-socket] The commands' socket
            } is set up now
    }.
station-enrolled = Destination { $destination } is enrolled: from here on, only what lies at place { $place } counts.
station-lamp-stays-lit = A lamp may still show what was so before camdock ended: { $error }.
    .advice = Believe it only once camdock runs again.
station-lines-missing =
    { $lines ->
        [one] { $lines } line is missing here, because they could not be written in time. The ledger has everything.
       *[other] { $lines } lines are missing here, because they could not be written in time. The ledger has everything.
    }
station-late-for-shift = What waits here and on docked cameras will not be clear before the shift at { $shift }, even at the best pace of late.
    .advice = Take cameras that are ready for it, and look at what is slow: camdock status.
station-certificate-ends = The certificate of the page ends at { TIME($at) }; after that, browsers refuse the page.
    .advice = Renew it. camdock takes the new one in by itself, or at a restart where systemd hands it over.
station-cameras-overdue =
    { $cameras ->
        [one] { $cameras } camera was
       *[other] { $cameras } cameras were
    } not docked here for more than { $days ->
        [one] { $days } day
       *[other] { $days } days
    }.
    .advice = Find out where they are, or whether they went to another station: camdock status names them. What does not come back is missed no more after: camdock camera retire.

## How a destination is doing
destination-unasked = Nothing was asked of it yet.
destination-set-up = It is set up now; nothing was asked of it since.
destination-well = Everything it was given is proven or on its way.
destination-waiting =
    { $cause ->
        [network] Waiting for network
        [full] Waiting for room
       *[other] Waiting
    }: { $error }. Uploads go on by themselves.
destination-left-alone =
    { $cause ->
        [network] Waiting for network
        [full] Waiting for room
       *[other] Waiting
    }: { $error }. Uploads go on by themselves. It is tried again at { TIME($at) }.
destination-no-connection = { $trouble } Uploads go on by themselves.
destination-denied = Refused by { $name } ({ $code }): check credential { $credential }.
destination-wrong-place = { $name }: { $why }.
destination-no-container = { $name } refuses: { $error }.
destination-refuses = { $name } refuses: { $error }.
destination-unprotected = { $name } does not keep its objects from deletion as the configuration asks: { $why }.
destination-not-set-up = Not set up: { $why }.
destination-takes-nothing = It answers, but does not take what it is given: { $put-off }{ $more ->
        [0] {""}
        [one] , and of { $more } other camera
       *[other] , and of { $more } other cameras
    }. Uploads go on by themselves.
destination-takes-others = It takes everything but { $put-off }{ $more ->
        [0] {""}
        [one] , and of { $more } other camera
       *[other] , and of { $more } other cameras
    }. camdock tries these again by itself.
destination-overdue = { $destination } It has waited for more than an hour.
    .advice =
        { $cause ->
            [network] Look at this station's network and at the destination's address.
            [no-answer] Look at the server behind it, and mount a share again.
            [busy] Ask who runs it.
            [full] Make room there.
            [storage] Look at its disk or its share.
            [credential] Check the credential and what it allows.
            [certificate] See to the certificate.
            [proxy] Ask who runs the proxy.
            [not-set-up] See what it lacks.
            [wrong-place] Bring back the place that was enrolled.
            [no-container] Create it, or correct the configuration.
            [unprotected] Switch on what keeps objects there, or ask for less in the configuration.
           *[other] Look at what is said of it.
        }
put-off =
    { $segments ->
        [one] { $segments } segment
       *[other] { $segments } segments
    } of camera { $camera } ({ $error })

## What stands between the station and a destination
connection-certificate-ended = The destination's certificate ({ $certificate }) ended at { TIME($until) }; this station's clock says { TIME($now) }.
    .advice = If the clock is wrong, set it; if not, whoever runs the destination has to renew the certificate.
connection-certificate-not-yet = The destination's certificate ({ $certificate }) begins at { TIME($from) }; this station's clock says { TIME($now) }.
    .advice = Set the clock, if it is wrong.
connection-certificate-of-another = The destination's certificate ({ $certificate }) is not for { $wanted }, but for { $names }.
    .advice = Correct the destination's address, or see whether a log-in page stands between.
connection-unknown-issuer = The destination's certificate ({ $certificate }) was issued by { $issuer }, whom this station does not trust.
    .advice = If that is the right authority, put its certificate into the file that tls.ca names; if not, somebody stands between.
connection-certificate-of-authority = The destination shows the certificate of an authority ({ $certificate }), and none of a server.
    .advice = Have the authority issue a certificate for the server's name, and install that one there.
connection-certificate-unusable = The destination's certificate ({ $certificate }) cannot be used: { $why }.
    .advice = Whoever runs the destination has to see to it.
connection-certificate-wanted = The destination wants this station to show a certificate, and none is configured.
    .advice = Have one issued, and name it with its key: tls.certificate, tls.key.
connection-certificate-refused = The destination does not take the certificate that this station shows ({ $why }).
    .advice = See whether it has ended, and whether its authority is the one that the destination trusts.
connection-too-old = The destination offers neither TLS 1.2 nor TLS 1.3.
    .advice = Whoever runs it has to bring it up to date.
connection-proxy-login = The proxy { $proxy } wants another user and password than it gets from this station.
    .advice = Put USER:PASSWORD into the file that proxy.login names.
connection-proxy-refuses = The proxy { $proxy } does not let this station through to { $host }.
    .advice = Whoever runs the proxy has to allow it, or to correct it.

## What a line of the journal is about, told before its sentence
subject-bay = bay { $bay }
subject-camera = camera { $camera }
subject-file = { $file }
subject-destination = destination { $destination }
journal-last = It was told three times in this hour; more of it is only counted.
journal-missed =
    { $times ->
        [one] It was so once more since that was last told.
       *[other] It was so { $times } times more since that was last told.
    }

## What happens with a camera
camera-done =
    Uploaded, proven and wiped: { $segments ->
        [one] { $segments } segment
       *[other] { $segments } segments
    }, { BYTES($bytes) }.
camera-taken = Taken; nothing was left to do for it.
camera-taken-early = Taken before everything on it was proven and wiped. The rest waits for its next docking, at any bay.
camera-interrupted = This docking was interrupted; it goes on from where it was.
camera-deleting =
    Deleting { $files ->
        [one] { $files } file that is proven.
       *[other] { $files } files that are proven.
    }
camera-deletion-completed = Gone: its deletion had been interrupted.
camera-gone-by-itself = Gone from the camera, but not by camdock.
    .advice = Find out who deleted it; what camdock had copied of it is kept.
camera-troubles-change = What is wrong with it is something else at each look; no more of that is written down.
    .advice = Look at the camera: it is failing, or does what no camera does.
camera-changed = It changed since it was proven, so it stays on the camera, and is copied again.
camera-put-back = A deletion was cut short; the file has its place back.
camera-open-files-unseen = The system does not tell camdock whether a file here is open ({ $error }): the files belong to another user, or the file system cannot tell. A file is deleted once it has not changed for the bay's quiet_time.
camera-not-mounted = Volume { $volume } cannot be mounted: { $error }. Nothing is deleted from it.
    .advice = A person must look at it: camdock problems.
camera-unaccounted = The files on volume { $volume } take up { BYTES($files) }, and { BYTES($allocated) } are allocated on it, so nothing is deleted from it.
camera-not-written = Nothing is deleted from volume { $volume }: { $why }.
camera-stays-mounted = Volume { $volume } could not be unmounted ({ $error }); it is when the camera is opened next.
camera-other-version = It is not the segment that it looked like; it is copied as a new one.
camera-still-there = It was to be deleted, and may be there still; camdock looks again.
camera-not-wiped = Not wiped yet: { $error }.
camera-late-for-shift = It will not be ready before the shift at { $shift }, even at the best pace of late.
    .advice = Have another camera taken for that shift.
camera-overdue =
    It was not docked here for more than { $days ->
        [one] { $days } day
       *[other] { $days } days
    }.
    .advice = Find out where it is, or whether it went to another station. If it does not come back: camdock camera retire.
camera-retired = It is retired: it does not come back, as somebody said, and is missed no more. The custody log has who.

## What happens with a segment
segment-proven =
    Proven ({ $method ->
        [crc64-of-chunks] by CRC-64 of each chunk
        [crc64] by CRC-64
        [crc32c] by CRC-32C
        [sha256] by SHA-256
        [read-back] read back
       *[attested] by its own checksums
    }).
segment-fetched = Fetched from there for a destination that lacks it; it is what was read from the camera.
segment-kept = Kept from deletion there{ $until ->
        [unknown] {""}
       *[other] {" "}until { TIME($until) }
    }{ $legal-hold ->
        [placed] , with a legal hold
       *[absent] {""}
    }, as somebody asked.
segment-not-kept = Not kept from deletion there as somebody asked: { $error }. camdock asks again by itself.
segment-put-off = Not delivered: { $error }. camdock tries it again by itself.
segment-proof-withdrawn = The destination no longer has what it had proven, or no longer keeps it as asked; it is brought there again.
    .advice = Find out what happened to it there.
segment-found-again = It was missing, and is proven at every required destination now.
segment-copy-bad = Its copy here is no longer what was taken from the camera: { $why }.
    .advice = Dock its camera again, and have this station's disk looked at.
segment-copy-missing = Its copy here is missing.
    .advice = Dock its camera again, unless every destination has proven it: camdock problems tells.
segment-copy-unlabelled = Copy { $copy } here does not say whose it is; it is kept, and replaced when its camera is docked again.
segment-copy-torn = A copy here is not whole; it is kept, and replaced when its camera is docked again.
segment-copy-taken-over = A copy here that the ledger did not count on is good, and counts from now on.

## What happens with ledger and spool
storage-ledger-damaged = The ledger is damaged: { $error }. It is made anew from what can be read; nothing is wiped before that is done.
    .advice = Have the disk looked at.
storage-rebuilding = The ledger is being made anew from what can be read.
storage-log-cut-short = The custody log cannot be used after its first { $saved } entries: { $error }.
    .advice = Have the disk looked at; the old file is kept.
storage-without-effect = Entry { $entry } of the custody log contradicts what was before it, so it is kept and nothing follows from it: { $error }.
    .advice = Please report this, and have the disk looked at.
storage-unknown-entries = { $what }. A newer camdock wrote them; they are kept, and nothing follows from them here.
storage-backed-up = The ledger was copied to { $backup } before it was brought to this version.
storage-reserve-used = The disk that holds the ledger is full; the room that was kept for the ledger is used now.
    .advice = Make room on it.
storage-no-reserve = No room can be kept for the ledger: { $error }.
    .advice = Make room on the disk that holds the station's data.
storage-not-examined = The ledger cannot be examined: { $error }. Nothing is wiped until it can; camdock tries again.
    .advice = Have the disk looked at.
storage-not-compared = The spool cannot be compared with the ledger: { $error }. Nothing is wiped until it can; camdock tries again.
    .advice = Have the disk looked at.
storage-not-released = A copy in the spool that is no longer needed cannot be removed: { $error }. camdock tries again.
    .advice = Look at the folder of the station's data.

## What happens with bays' folders and ports
dock-folder-unreadable = Folder { $folder } cannot be looked into: { $error }. camdock waits for it.
    .advice = Mount it again, or mend its permissions.
dock-folder-back = Folder { $folder } can be looked into again.
dock-no-news-of-folder = The system does not tell when something changes in folder { $folder } ({ $error }), so camdock looks every few seconds.
dock-no-news-of-usb = The system does not tell when something is plugged in ({ $error }), so camdock looks every few seconds.
dock-port-unreadable = USB port { $port } cannot be looked at: { $error }. camdock goes on trying.
    .advice = Look at the dock's cable and power.

## Who asks
access-logged-in = Somebody logged in from { $address }. The custody log has who.
access-log-in-refused = Somebody from { $address } gave a wrong name or password, and was not let in.
access-locked-out = Somebody from { $address } failed to log in for the fifth time. For ten minutes nobody is let in under that name.
    .advice = If it was nobody of yours, look who uses that address. The custody log has under which names it was tried.
access-action-refused = Somebody wanted the station to do what they may not have it do; nothing was done. The custody log has who, and what.

## The conditions of a wipe, told after the segment's name
condition-was-read =
    it was read from the camera{ $copy ->
        [present] , and is in the spool, durable and compared
        [released] ; the spool copy was removed after every proof
       *[lost] { $original ->
            [unknown] ; its spool copy is lost: dock the camera again
           *[other] ; its spool copy is lost
        }
    }
condition-something-is-required =
    a destination is required{ $verdict ->
        [met] {""}
       *[unmet] : none is, so nothing can be proven
    }
condition-every-byte-was-read =
    every byte could be read{ $verdict ->
        [met] {""}
       *[unmet] : some cannot, so the original is kept
    }
condition-copy-is-proven =
    { $destination } has proven its copy{ $state ->
        [proven] { $method ->
            [unknown] {""}
           *[other] {" "}({ $method ->
                [crc64-of-chunks] by CRC-64 of each chunk
                [crc64] by CRC-64
                [crc32c] by CRC-32C
                [sha256] by SHA-256
                [read-back] read back
               *[attested] by its own checksums
            })
        }{ $kept-until ->
            [unknown] {""}
           *[other] , and keeps it until { TIME($kept-until) }{ $enforcement ->
                [unlocked] , unless somebody with a special right ends that
               *[other] {""}
            }
        }{ $legal-hold ->
            [placed] , under a legal hold
           *[absent] {""}
        }{ $original ->
            [unknown] ; it is asked again before the wipe
           *[other] {""}
        }
        [queued] : not yet, it is queued
        [problem] : no, a person must look at it; see below
        [stranded] : no, and there is no spool copy
       *[unknown] : no, it is not queued
    }
condition-source-is-the-segment =
    what the camera holds now is what was uploaded{ $original ->
        [wiped] : it was compared, and deleted, as a listing showed at { TIME($at) }
        [interrupted] : it was compared; its deletion was interrupted, and it was gone at the next look, at { TIME($at) }
        [not-by-camdock] : it is gone from the camera, as a listing showed at { TIME($at) }, but not by camdock
       *[unknown] : it is read again, compared, and deleted when everything else is met
    }
