# English: what stands on pages and on the lamps' sheet, besides notices.

## The page
page-title = Bays of { $station }
page-bay = Bay { $bay }
page-state =
    { $state ->
        [empty] Free
        [identifying] Looking
        [offloading] Copying
        [uploading] Uploading
        [wiping] Wiping
        [charging] Charging
        [ready] Ready
        [attention] Attention
       *[refused] Not a camera
    }
page-instruction =
    { $instruction ->
        [put-in] Put a camera in
        [leave-in] Leave it in
        [take] Take this one
        [take-out] Take it out
        [put-in-again] Take it out and put it in again
       *[call-it] Leave it in and call IT
    }
page-take-first = Take this one first
page-take-later = Ready too
page-progress = { BYTES($done) } of { BYTES($total) } proven
page-ready-since = Ready since
page-ready-by = Ready by
page-ready-between = Ready between
page-ready-and = and
page-not-live = Not live since
page-legend = What the colours and patterns mean
page-working = Working

## The lamps
lamp-title = What the lamps say
lamp-light =
    { $manner ->
        [dark] dark
        [steady] { $colour ->
            [green] steady green
            [amber] steady amber
           *[red] steady red
        }
       *[blinking] { $colour ->
            [green] blinking green
            [amber] blinking amber
           *[red] blinking red
        }
    }
lamp-signal =
    { $signal ->
        [free] No camera is in it.
        [ready] Charged, transferred, wiped.
        [working] Work goes on.
        [take-out] It is no camera, or does not answer. A camera: put it in again.
       *[call] It cannot go on without somebody.
    }
lamp-dark = A lamp that stays dark though a camera is in: camdock does not run, or the lamp is dead. Call IT.
lamp-station = The station's lamp says the worst of all.
lamp-bar = Each bar is four seconds; black is lit.

## Logging in
log-in = Log in
log-in-name = Name
log-in-password = Password
log-in-wrong = That name and password do not go together.
log-in-wait =
    { $minutes ->
        [one] There were too many failures. Try again in one minute.
       *[other] There were too many failures. Try again in { $minutes } minutes.
    }
log-in-unavailable = Nobody can log in now; “camdock status” on the station says why. Evidence is not affected.
log-out = Log out { $user }

## The station page
station-title = Station { $station }
station-link = Station
station-bays = Bays
station-no-records = The ledger does not answer just now, so this is left out.
station-faults = What is at fault
link-name =
    { $link ->
        [camera] camera
        [cable] cable
        [port] port
        [disk] disk
        [network] network
        [cloud] cloud
        [credential] credential
       *[configuration] configuration
    }
part-name =
    { $part ->
        [destination] destination { $name }
        [bay] bay { $name }
        [profile] profile { $name }
        [page] the page
        [lamp] the lamp of bay { $name }
        [station-lamp] the station's lamp
        [users] the list of users
        [certificate] the certificate of the page
        [operators] the group of operators
        [clock] the clock
       *[control-socket] the commands' socket
    }
station-itself = the station
links-well = no trouble seen with: { $links }
problems-wait =
    { $problems ->
        [one] { $problems } problem for a person: camdock problems
       *[other] { $problems } problems for a person: camdock problems
    }
station-queue = Queue
queue-waits =
    { $segments ->
        [one] { $segments } segment, { BYTES($bytes) }
       *[other] { $segments } segments, { BYTES($bytes) }
    }
queue-empty = Nothing waits
queue-oldest = The oldest for { $age }
queue-clear-by = Clear by
queue-clear-between = Clear between
station-disk = Local copies
disk-copies = Copies take
disk-others = Everything else
disk-free = Room for more
disk-reserve = Kept free
disk-size = Whole disk
disk-silent = The disk does not say how much room it has.
station-day = The last 24 hours
day-copied = Copied from cameras
day-proven = Proven at { $destination }
day-row = { $what }: { BYTES($total) } in 24 hours, and no more than { BYTES($most) } in one hour.
day-most = Each bar is an hour, and the highest { BYTES($most) }.
day-numbers = The same in numbers
station-destinations = Destinations
destination-word =
    { $state ->
        [ok] Well
        [waiting] Waiting
        [overdue] Overdue
        [refused] Refused
        [attention] Attention
       *[unknown] Not asked yet
    }
station-since = since
station-again-at = tried again at
put-off-more =
    { $more ->
        [one] and of { $more } other camera: camdock status --json
       *[other] and of { $more } other cameras: camdock status --json
    }
station-problems = Problems
problem-number = Problem { $problem }
problems-none = Nothing waits for a person.
problems-more =
    { $more ->
        [one] { $more } more is not shown here. All of them: camdock problems
       *[other] { $more } more are not shown here. All of them: camdock problems
    }
problem-retry = Try again
problems-retry = Once a cause is mended, “camdock retry” and the number has it tried again.
station-overdue = Overdue cameras
overdue-none =
    { $days ->
        [one] Each camera that was docked here and is not retired was here within the last day.
       *[other] Each camera that was docked here and is not retired was here within the last { $days } days.
    }
overdue-last = last here until
overdue-more =
    { $more ->
        [one] { $more } more is not shown here.
       *[other] { $more } more are not shown here.
    }
retain-title = Keep longer
retain-what = Everything that was ever taken from camera { $camera } is kept from deletion in the clouds for longer. Nothing shortens that again, and camdock lifts no legal hold.
retain-until = To the end of
retain-hold = With a legal hold
retain-button = Keep
overdue-retire = One that does not come back can be retired (“camdock camera retire”): it is missed no more. If it is docked all the same, it is served like every other.
camera-retire = Retire
station-dockings = Recent dockings
column =
    { $column ->
        [camera] Camera
        [bay] Bay
        [began] Put in
        [ended] Ended
        [outcome] Outcome
        [segments] Segments
        [bytes] Size
       *[hour] Hour from
    }
docking-outcome =
    { $outcome ->
        [completed] Completed
        [taken-early] Taken early
        [interrupted] Interrupted
       *[unknown] Going on
    }
dockings-none = No camera was docked.
dockings-older = Older dockings
docking-title = Docking of { $camera }
docking-sums =
    { $segments ->
        [one] { $segments } segment was copied from the camera or left it in this docking: { BYTES($bytes) }
       *[other] { $segments } segments were copied from the camera or left it in this docking: { BYTES($bytes) }
    }
docking-empty = Nothing was copied from the camera in this docking, and nothing left it.
docking-unknown = There is no such docking.
docking-more = More segments
docking-as-of = As of
segment-damaged = damaged at its source
verdict-word =
    { $verdict ->
        [met] met
       *[unmet] unmet
    }
segment-problem = problem { $problem }: { $message }
segment-seen = it is nowhere, as a person said to have seen at { TIME($at) }
