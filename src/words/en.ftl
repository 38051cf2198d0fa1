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
bay-ready = Uploaded, proven and wiped: take this one.
bay-was-empty = It was empty: take this one.
bay-went-by-itself = Nothing is left on it, and it was not camdock that deleted what was: take this one.
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
destination-denied = Refused by { $name } ({ $code }): check credential { $credential }.
destination-wrong-place = { $name }: { $why }.
destination-no-container = { $name } refuses: { $error }.
destination-refuses = { $name } refuses: { $error }.
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
            [not-set-up] See what it lacks.
            [wrong-place] Bring back the place that was enrolled.
            [no-container] Create it, or correct the configuration.
           *[other] Look at what is said of it.
        }
put-off =
    { $segments ->
        [one] { $segments } segment
       *[other] { $segments } segments
    } of camera { $camera } ({ $error })
