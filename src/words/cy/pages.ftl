# Cymraeg: yr hyn sydd ar y tudalennau ac ar daflen y lampau, heblaw hysbysiadau.

## The page
page-title = Baeau { $station }
page-bay = Bae { $bay }
page-state =
    { $state ->
        [empty] Rhydd
        [identifying] Yn edrych
        [offloading] Yn copïo
        [uploading] Yn llwytho
        [wiping] Yn gwagio
        [charging] Yn gwefru
        [ready] Parod
        [attention] Sylw
       *[refused] Nid camera
    }
page-instruction =
    { $instruction ->
        [put-in] Rhowch gamera i mewn
        [leave-in] Gadewch ef i mewn
        [take] Cymerwch hwn
        [take-out] Tynnwch ef allan
        [put-in-again] Tynnwch ef allan a'i roi i mewn eto
       *[call-it] Gadewch ef i mewn a ffoniwch TG
    }
page-take-first = Cymerwch hwn yn gyntaf
page-take-later = Parod hefyd
page-progress = { BYTES($done) } o { BYTES($total) } wedi'u profi
page-ready-since = Parod ers
page-ready-by = Parod erbyn
page-ready-between = Parod rhwng
page-ready-and = a
page-not-live = Heb gyswllt ers
page-legend = Ystyr y lliwiau a'r patrymau
page-working = Yn gweithio

## The lamps
lamp-title = Ystyr y goleuadau
lamp-light =
    { $manner ->
        [dark] tywyll
        [steady] { $colour ->
            [green] gwyrdd cyson
            [amber] ambr cyson
           *[red] coch cyson
        }
       *[blinking] { $colour ->
            [green] gwyrdd yn fflachio
            [amber] ambr yn fflachio
           *[red] coch yn fflachio
        }
    }
lamp-signal =
    { $signal ->
        [free] Nid oes camera ynddo.
        [ready] Wedi'i wefru, ei drosglwyddo a'i wagio.
        [working] Mae'r gwaith yn mynd yn ei flaen.
        [take-out] Nid camera ydyw, neu nid yw'n ateb. Os camera: rhowch ef i mewn eto.
       *[call] Ni all fynd yn ei flaen heb gymorth.
    }
lamp-dark = Golau sy'n aros yn dywyll er bod camera i mewn: nid yw camdock yn rhedeg, neu mae'r golau wedi torri. Ffoniwch TG.
lamp-station = Mae golau'r orsaf yn dweud y gwaethaf o'r cyfan.
lamp-bar = Pedair eiliad yw pob bar; du yw golau.

## Mewngofnodi
log-in = Mewngofnodi
log-in-name = Enw
log-in-password = Cyfrinair
log-in-wrong = Nid yw'r enw a'r cyfrinair hynny'n cyd-fynd.
log-in-wait =
    { $minutes ->
        [one] Bu gormod o fethiannau. Rhowch gynnig arall arni ymhen munud.
       *[other] Bu gormod o fethiannau. Rhowch gynnig arall arni ymhen { $minutes } munud.
    }
log-in-unavailable = Ni all neb fewngofnodi nawr; mae “camdock status” ar yr orsaf yn dweud pam. Nid effeithir ar dystiolaeth.
log-out = Allgofnodi { $user }

## Tudalen yr orsaf
station-title = Gorsaf { $station }
station-link = Gorsaf
station-bays = Baeau
station-no-records = Nid yw'r cofnod yn ateb ar hyn o bryd, felly hepgorir hyn.
station-faults = Ble mae'r nam
link-name =
    { $link ->
        [camera] camera
        [cable] cebl
        [port] porth
        [disk] disg
        [network] rhwydwaith
        [cloud] cwmwl
        [credential] manylion mynediad
       *[configuration] ffurfweddiad
    }
part-name =
    { $part ->
        [destination] cyrchfan { $name }
        [bay] bae { $name }
        [profile] proffil { $name }
        [page] y dudalen
        [lamp] golau bae { $name }
        [station-lamp] golau'r orsaf
        [users] y rhestr defnyddwyr
        [certificate] tystysgrif y dudalen
        [operators] grŵp y gweithredwyr
        [clock] y cloc
       *[control-socket] soced y gorchmynion
    }
station-itself = yr orsaf
links-well = ni welir nam ar: { $links }
problems-wait = { $problems } problem yn aros am berson: camdock problems
station-queue = Ciw
queue-waits = { $segments } segment, { BYTES($bytes) }
queue-empty = Nid oes dim yn aros
queue-oldest = Yr hynaf ers { $age }
queue-clear-by = Yn wag erbyn
queue-clear-between = Yn wag rhwng
station-disk = Copïau lleol
disk-copies = Mae'r copïau'n cymryd
disk-others = Popeth arall
disk-free = Lle i ragor
disk-reserve = Cedwir yn rhydd
disk-size = Y ddisg gyfan
disk-silent = Nid yw'r ddisg yn dweud faint o le sydd arni.
station-day = Y 24 awr diwethaf
day-copied = Wedi'i gopïo o gamerâu
day-proven = Wedi'i brofi yn { $destination }
day-row = { $what }: { BYTES($total) } mewn 24 awr, a dim mwy na { BYTES($most) } mewn un awr.
day-most = Awr yw pob bar, a'r uchaf yw { BYTES($most) }.
day-numbers = Yr un peth mewn rhifau
station-destinations = Cyrchfannau
destination-word =
    { $state ->
        [ok] Iawn
        [waiting] Yn aros
        [overdue] Yn hwyr
        [refused] Gwrthodwyd
        [attention] Sylw
       *[unknown] Heb ei holi eto
    }
station-since = ers
station-again-at = ceisir eto am
put-off-more = ac o { $more } camera arall: camdock status --json
station-problems = Problemau
problem-number = Problem { $problem }
problems-none = Nid oes dim yn aros am berson.
problems-more = Ni ddangosir { $more } arall yma. Y cyfan: camdock problems
problem-retry = Rhoi cynnig arall arni
problems-retry = Ar ôl trwsio achos, mae “camdock retry” a'r rhif yn peri rhoi cynnig arall arni.
station-overdue = Camerâu sydd heb ddod yn ôl
overdue-none = Mae pob camera a ddociwyd yma, ac nad yw wedi'i dynnu o wasanaeth, wedi bod yma o fewn { $days } diwrnod.
overdue-last = yma ddiwethaf hyd
overdue-more = Ni ddangosir { $more } arall yma.
retain-title = Cadw am fwy o amser
retain-what = Cedwir popeth a gymerwyd erioed o gamera { $camera } rhag ei ddileu yn y cymylau am fwy o amser. Nid oes dim yn byrhau hynny wedyn, ac nid yw camdock yn codi unrhyw ddaliad cyfreithiol.
retain-until = Hyd ddiwedd
retain-hold = Gyda daliad cyfreithiol
retain-button = Cadw
overdue-retire = Gellir tynnu un na ddaw yn ôl o wasanaeth (“camdock camera retire”): ni welir ei golli mwyach. Os caiff ei docio er hynny, caiff ei drin fel pob un arall.
camera-retire = Tynnu o wasanaeth
station-dockings = Dociadau diweddar
column =
    { $column ->
        [camera] Camera
        [bay] Bae
        [began] I mewn
        [ended] Daeth i ben
        [outcome] Canlyniad
        [segments] Segmentau
        [bytes] Maint
       *[hour] Awr o
    }
docking-outcome =
    { $outcome ->
        [completed] Cyflawn
        [taken-early] Cymerwyd yn gynnar
        [interrupted] Torrwyd ar draws
       *[unknown] Ar waith
    }
dockings-none = Ni ddociwyd camera.
dockings-older = Dociadau hŷn
docking-title = Dociad { $camera }
docking-sums = { $segments } segment wedi'i gopïo o'r camera neu wedi'i adael yn y dociad hwn: { BYTES($bytes) }
docking-empty = Ni chopïwyd dim o'r camera yn y dociad hwn, ac ni adawodd dim ef.
docking-unknown = Nid oes dociad o'r fath.
docking-more = Rhagor o segmentau
docking-as-of = Darllenwyd am
segment-damaged = wedi'i ddifrodi yn ei ffynhonnell
verdict-word =
    { $verdict ->
        [met] ydy
       *[unmet] nac ydy
    }
segment-problem = problem { $problem }: { $message }
segment-seen = nid yw yn unman, fel y dywedodd person iddo weld am { TIME($at) }
