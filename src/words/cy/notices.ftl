# Cymraeg. Enwir pob neges ar ôl ei hysbysiad; mae ei phriodwedd `advice` yn dweud beth i'w wneud.

## What goes on in a bay
bay-empty = Dim camera.
bay-identifying = Yn darganfod pa gamera yw hwn.
bay-camera-after-all = Camera ydyw wedi'r cyfan.
bay-exchanged = Rhoddwyd rhywbeth yn y camera neu tynnwyd rhywbeth ohono. Yn edrych eto.
bay-no-camera = { $why }
bay-camera-silent = Nid yw'r camera'n ateb mwyach. Mae'r hyn a gopïwyd yn dal i lwytho i fyny.
    .advice = Rhowch y camera i mewn eto ar gyfer y gweddill.
bay-silent-with-nothing-left = Nid yw'r camera'n ateb mwyach. Nid oedd dim ar ôl arno: tynnwch ef allan.
bay-camera-fails = Heb ei orffen: { $error }. Mae camdock yn ceisio eto ar ei ben ei hun.
    .advice = Os nad yw hynny'n helpu, tynnwch ef allan a'i roi i mewn eto.
bay-other-serial = Galwodd y camera ei hun yn { $before }, a nawr yn { $now }. Ni newidir dim arno.
    .advice = Tynnwch ef allan a'i roi i mewn eto.
bay-same-serial = Ym mae { $other } mae camera â'r un rhif cyfresol, { $camera }.
    .advice = Tynnwch hwnnw allan; wedyn caiff hwn ei drin.
bay-copying = Yn copïo o'r camera: { $done } o { $total } segment.
bay-spool-fails = Ni chopïir dim: { $error }. Ni ddileir dim; mae'r camera'n cadw popeth.
bay-bad-copy = Yn copïo eto: { $error }.
bay-comparing = Yn llwytho i fyny. Yn darllen y camera eto i gymharu: { $done } o { $total }.
bay-uploading = Yn llwytho i fyny: { $segments } segment ar ôl. Gellir cymryd y camera; caiff ei wagio y tro nesaf y rhoddir ef i mewn.
bay-wipe-awaits-examination = Mae popeth wedi'i lwytho i fyny. Mae'r gwagio'n aros: mae camdock yn dal i wirio ei gofnod a'i gopïau ar ôl cychwyn.
bay-wipe-awaits-spool = Mae popeth wedi'i lwytho i fyny. Mae'r gwagio'n aros: ni ellir darllen y copïau lleol.
bay-wipe-awaits-destination = Mae'r gwagio'n aros: { $error }. Mae'n parhau ar ei ben ei hun.
bay-wipe-overdue = Mae'r gwagio'n aros: { $error }. Mae'n parhau ar ei ben ei hun pan fydd y cyrchfan yn ateb: mae wedi aros am fwy nag awr.
bay-wiping = Mae pob copi gofynnol wedi'i brofi. Yn dileu'r ffeiliau o'r camera.
bay-ready = Wedi'i lwytho, ei brofi a'i wagio.
    .advice = Cymerwch hwn.
bay-was-empty = Roedd yn wag.
    .advice = Cymerwch hwn.
bay-went-by-itself = Nid oes dim ar ôl arno, ac nid camdock a ddileodd yr hyn oedd yno.
    .advice = Cymerwch hwn.
bay-still-written =
    { $files ->
        [one] Mae { $files } ffeil yn dal i gael ei hysgrifennu; bydd camdock yn ei chymryd cyn gynted ag y bydd yn llonydd.
       *[other] Mae { $files } ffeil yn dal i gael eu hysgrifennu; bydd camdock yn eu cymryd cyn gynted ag y byddant yn llonydd.
    }
bay-restless =
    { $files ->
        [one] Yn aros nes bod { $files } ffeil heb newid ers tro, gan y gall fod yn dal i gael ei hysgrifennu; yna bydd camdock yn ei chymryd.
       *[other] Yn aros nes bod { $files } ffeil heb newid ers tro, gan y gallant fod yn dal i gael eu hysgrifennu; yna bydd camdock yn eu cymryd.
    }
bay-held-open =
    { $files ->
        [one] Mae gan raglen ar y peiriant hwn { $files } ffeil ar agor, felly ni chaiff ei dileu eto; mae'n parhau ar ei ben ei hun.
       *[other] Mae gan raglen ar y peiriant hwn { $files } ffeil ar agor, felly ni chânt eu dileu eto; mae'n parhau ar ei ben ei hun.
    }
bay-looping =
    { $files ->
        [one] Mae'r camera'n gwneud { $files } ffeil o'r newydd bob tro y caiff ei dileu, felly mae camdock yn ei chymryd yn llai ac yn llai aml; mae popeth arall wedi'i wneud.
       *[other] Mae'r camera'n gwneud { $files } ffeil o'r newydd bob tro y cânt eu dileu, felly mae camdock yn eu cymryd yn llai ac yn llai aml; mae popeth arall wedi'i wneud.
    }
    .advice = Gweler: camdock problems.
bay-spool-full = Mae'r ddisg gopïau yn llawn, felly mae { $files } ffeil yn aros ar y camera. Bydd y copïo'n parhau ar ei ben ei hun pan fydd y llwytho i fyny wedi gwneud lle.
bay-spool-stuck = Mae'r ddisg gopïau yn llawn o'r hyn sy'n aros am berson, felly mae { $files } ffeil yn aros ar y camera. Bydd y copïo'n parhau ar ei ben ei hun pan fydd lle.
    .advice = Gweler: camdock problems.
bay-disk-full = Mae rhywbeth arall yn llenwi'r ddisg sy'n dal data'r orsaf, felly mae { $files } ffeil yn aros ar y camera.
    .advice = Gwnewch le yno; bydd y copïo'n parhau ar ei ben ei hun.
bay-damaged-volume = { $why } Llwythir i fyny yr hyn y gellir ei ddarllen, a delwedd ohono; ni ddileir dim.
    .advice = Rhaid i berson edrych arno: camdock problems.
bay-write-protected = Mae popeth arno wedi'i lwytho i fyny, ond dim ond ei ddarllen y gellir, felly mae ei ffeiliau'n aros arno.
    .advice = A yw clo ei gerdyn ymlaen?
bay-missing = Mae tystiolaeth ar goll: { $segments } segment a gymerwyd o'r camera hwn o'r blaen, heb fod ym mhob cyrchfan gofynnol, ac nid yma mwyach.
    .advice = Gweler: camdock problems, camdock explain { $camera }.
bay-problems = Rhaid i berson edrych ar { $files } ffeil; mae popeth arall yn ddiogel.
    .advice = Gweler: camdock problems, camdock explain { $camera }.
bay-awaits-destination = { $bay } Yn aros am { $name }: { $destination }
bay-not-set-up = Heb ei osod: { $why }.

## What else is in a bay
other-no-camera = { $why }
other-waits-its-turn = Mae { $what } yma hefyd, a chaiff ei drin pan na ellir gwneud dim mwy i hwn.
other-had-its-turn = Mae { $what } yma o hyd, er iddo gael ei dro: tynnwch ef allan.

## What a person must look at, told after the file's name
problem-oddity =
    mae'n { $kind ->
        [symbolic-link] ddolen symbolaidd
        [fifo] bibell ag enw
        [socket] soced
        [device] ddyfais
        [mount-point] system ffeiliau arall, wedi'i gosod o fewn y camera
       *[unreadable] gofnod na ellir ei ddarllen
    }; gadawodd camdock ef ar y camera a chymryd popeth arall.
problem-unreadable = ni ellir ei ddarllen ({ $error }); mae'n aros ar y camera, a cheisir eto bob hyn a hyn.
    .advice = Trwsiwch ei ganiatâd neu'r cyfrwng.
problem-damaged-at-source = ni ellir darllen { $missing } beit ohono; mae'r gweddill wedi'i lwytho i fyny, wedi'i nodi'n ddifrodedig, ac mae'r gwreiddiol yn aros ar y camera.
    .advice = Gofynnwch am geisio eto i'w ddarllen unwaith yn rhagor.
problem-damaged-volume = mae ei system ffeiliau wedi'i difrodi neu heb ei chau'n iawn. Mae delwedd ohoni wedi'i llwytho i fyny, wedi'i nodi'n ddifrodedig (ni ellir darllen { $missing } beit ohoni), ac ni ddileir dim o'r camera.
    .advice = Edrychwch ar y copïau, yna trwsiwch neu fformatiwch y camera â llaw; gofynnwch am geisio eto i gymryd y ddelwedd unwaith yn rhagor.
problem-too-large = mae ganddo { BYTES($size) }, mwy nag y gall y copïau lleol byth ei ddal; mae'n aros ar y camera.
    .advice = Rhowch ddisg fwy i data_dir yr orsaf, yna gofynnwch am geisio eto.
problem-not-deleted = mae wedi'i brofi ym mhobman, ond nid yw'r camera'n gadael iddo gael ei ddileu ({ $error }).
    .advice = Trwsiwch ei ganiatâd neu'r cyfrwng, yna gofynnwch am geisio eto.
problem-unsteady = mae'n darllen yn wahanol bob tro: mae'r cyfrwng yn methu. Llwythir pob fersiwn i fyny, ac mae'r gwreiddiol yn aros ar y camera.
    .advice = Edrychwch ar y copïau, yna gofynnwch am geisio eto i'w ddarllen unwaith yn rhagor.
problem-other-content = mae gan y cyrchfan eisoes wrthrych o'r enw hwn â chynnwys arall; ni drosysgrifennwyd dim.
    .advice = Darganfyddwch pwy a'i rhoddodd yno, yna gofynnwch am geisio eto.
problem-recreated = mae'r camera'n ei ysgrifennu o'r newydd bob tro y caiff ei ddileu. Llwythir a phrofir pob un, ond yn llai ac yn llai aml.
    .advice = Os nad yw'n dystiolaeth, enwch ef yn `leave` y proffil, neu gwnewch i'r camera beidio ag ysgrifennu tra mae i mewn.
problem-read-only = dim ond ei ddarllen y gellir, felly mae'r hyn a brofwyd yn aros arno.
    .advice = Diffoddwch glo ei gerdyn, neu gosodwch ef fel y gellir ysgrifennu arno; yna mae camdock yn parhau ar ei ben ei hun.
problem-many = pan gyfrifwyd ddiwethaf, roedd yr un peth yn wir am { $count } cofnod ar y camera hwn, megis { $examples }. Am bob un: { $like }
problem-refused = mae'r cyrchfan yn ei wrthod ({ $error }).
    .advice = Trwsiwch yr achos, yna gofynnwch am geisio eto.
problem-undelivered = nid yw'n cyrraedd y cyrchfan, sy'n iawn ({ $error }); ceisiodd camdock am oriau, ac mae'n cadw ei gopi.
    .advice = Trwsiwch yr achos, yna gofynnwch am geisio eto.
problem-ledger-rebuilt =
    roedd cofnod yr orsaf wedi'i ddifrodi neu ar goll, a gwnaed ef o'r newydd o'r hyn y gellid ei ddarllen: { $lost ->
        [0] pob un o'r { $saved } cofnod yn y log gwarchodaeth
        [unknown] achubwyd { $saved } cofnod o'r log gwarchodaeth, ni all neb ddweud o faint
       *[other] achubwyd { $saved } cofnod o'r log gwarchodaeth, ond nid y { $lost } olaf
    }. Ailgydir ar ei ben ei hun yn yr hyn sydd ar y camerâu ac yn y copïau, a gofynnir i bob cyrchfan; dim ond yn yr hen ffeil, a gedwir o dan yr enw hwn os oedd un, y mae hanes a phroblemau'r cofnodion coll.
    .advice = Trefnwch i rywun edrych ar y ddisg. Mae `camdock retry` yn dweud eich bod wedi gweld hyn.
problem-only-on-camera = nid oes copi ohono ar ôl yma, ac nid yw cyrchfan gofynnol wedi profi ei un ei hun. Gofynnir i'r cyrchfannau eto bob hyn a hyn, a phan ofynnwch am geisio eto.
    .advice = Rhowch ei gamera i mewn eto: efallai ei fod ganddo o hyd, ac yna mae popeth yn parhau ar ei ben ei hun.
problem-only-elsewhere = mae ar goll o gyrchfan gofynnol, nid oes copi ar ôl yma, ac nid yw gan ei gamera mwyach; ond mae cyrchfan arall wedi profi ei gopi. Gofynnir i'r cyrchfannau eto bob hyn a hyn.
    .advice = Mae `camdock explain` yn dweud pa un sydd ag ef; dewch ag ef oddi yno i'r man lle mae ar goll. Mae `camdock retry` yn dweud eich bod wedi gweld hyn.
problem-lost = AR GOLL: fe'i cymerwyd o'i gamera, nid oes copi ar ôl yma, nid oes cyrchfan wedi profi un, ac nid yw gan y camera mwyach. Gofynnir i'r cyrchfannau eto bob hyn a hyn.
    .advice = Mae `camdock explain` yn dweud popeth sy'n hysbys amdano. Efallai ei fod gan orsaf arall neu ymhlith fersiynau'r cyrchfan ei hun. Mae `camdock retry` yn dweud eich bod wedi gweld hyn.

## The station
setup =
    { $part ->
        [clock] Nid yw cloc yr orsaf hon a chloc cyrchfan yn cytuno
       *[other] { $part ->
                [destination] Nid yw cyrchfan { $name }
                [bay] Nid yw bae { $name }
                [profile] Nid yw proffil { $name }
                [page] Nid yw'r dudalen
                [lamp] Nid yw golau bae { $name }
                [station-lamp] Nid yw golau'r orsaf
                [users] Nid yw'r rhestr defnyddwyr
                [certificate] Nid yw tystysgrif y dudalen
                [operators] Nid yw grŵp y gweithredwyr
               *[control-socket] Nid yw soced y gorchmynion
            } wedi'i osod
    }: { $message }.
station-disk-full = Mae'r ddisg sy'n dal data'r orsaf yn llawn: yr hyn a brofwyd ac a wagiwyd sy'n mynd gyntaf.
    .advice = Gwnewch le arni.
station-started = Mae camdock { $version } yn rhedeg, ar gyfer gorsaf { $station }.
station-stopping = Mae camdock yn stopio; mae popeth yr oedd yn ei wneud yn mynd ymlaen ar y cychwyn nesaf.
station-page-open = Mae'r dudalen yn { $address }
station-door-lost = { $error }. Mae camdock yn gwrando eto.
station-set-up =
    { $part ->
        [clock] Mae cloc yr orsaf hon a chlociau ei chyrchfannau yn cytuno
       *[other] { $part ->
                [destination] Mae cyrchfan { $name }
                [bay] Mae bae { $name }
                [profile] Mae proffil { $name }
                [page] Mae'r dudalen
                [lamp] Mae golau bae { $name }
                [station-lamp] Mae golau'r orsaf
                [users] Mae'r rhestr defnyddwyr
                [certificate] Mae tystysgrif y dudalen
                [operators] Mae grŵp y gweithredwyr
               *[control-socket] Mae soced y gorchmynion
            } ar waith nawr
    }.
station-enrolled = Mae cyrchfan { $destination } wedi'i chofrestru: o hyn ymlaen dim ond yr hyn sydd yn lle { $place } sy'n cyfrif.
station-lamp-stays-lit = Efallai fod lamp yn dal i ddangos yr hyn oedd cyn i camdock orffen: { $error }.
    .advice = Peidiwch â'i chredu nes bod camdock yn rhedeg eto.
station-lines-missing = Mae { $lines } llinell ar goll yma, am na ellid eu hysgrifennu mewn pryd. Mae popeth yn y cofnod.
station-late-for-shift = Ni fydd yr hyn sy'n aros yma ac ar gamerâu yn y dociau wedi'i gwblhau cyn y sifft am { $shift }, hyd yn oed ar y cyflymder gorau yn ddiweddar.
    .advice = Cymerwch gamerâu sy'n barod ar gyfer y sifft honno, ac edrychwch beth sy'n araf: camdock status.
station-certificate-ends = Daw tystysgrif y dudalen i ben am { TIME($at) }; wedi hynny bydd porwyr yn gwrthod y dudalen.
    .advice = Adnewyddwch hi. Mae camdock yn cymryd yr un newydd ei hun, neu wrth ailgychwyn os systemd sy'n ei rhoi iddo.
station-cameras-overdue = Ni chafodd { $cameras } camera eu docio yma ers mwy na { $days } diwrnod.
    .advice = Ceisiwch ganfod ble maen nhw, neu a aethant i orsaf arall: mae camdock status yn eu henwi. Ni welir colli'r rhai na ddônt yn ôl mwyach ar ôl: camdock camera retire.

## How a destination is doing
destination-unasked = Ni ofynnwyd dim ganddo eto.
destination-set-up = Mae wedi'i osod nawr; ni ofynnwyd dim ganddo ers hynny.
destination-well = Mae popeth a roddwyd iddo wedi'i brofi neu ar ei ffordd.
destination-waiting =
    { $cause ->
        [network] Yn aros am y rhwydwaith
        [full] Yn aros am le
       *[other] Yn aros
    }: { $error }. Bydd y llwytho i fyny'n parhau ar ei ben ei hun.
destination-left-alone =
    { $cause ->
        [network] Yn aros am y rhwydwaith
        [full] Yn aros am le
       *[other] Yn aros
    }: { $error }. Bydd y llwytho i fyny'n parhau ar ei ben ei hun. Ceisir eto am { TIME($at) }.
destination-no-connection = { $trouble } Bydd y llwytho i fyny'n parhau ar ei ben ei hun.
destination-denied = Gwrthodwyd gan { $name } ({ $code }): gwiriwch y manylyn mynediad { $credential }.
destination-wrong-place = { $name }: { $why }.
destination-no-container = Mae { $name } yn gwrthod: { $error }.
destination-refuses = Mae { $name } yn gwrthod: { $error }.
destination-unprotected = Nid yw { $name } yn cadw ei wrthrychau rhag cael eu dileu fel y mae'r ffurfweddiad yn gofyn: { $why }.
destination-not-set-up = Heb ei osod: { $why }.
destination-takes-nothing = Mae'n ateb, ond nid yw'n cymryd yr hyn a roddir iddo: { $put-off }{ $more ->
        [0] {""}
       *[other] , ac o { $more } camera arall
    }. Bydd y llwytho i fyny'n parhau ar ei ben ei hun.
destination-takes-others = Mae'n cymryd popeth ond { $put-off }{ $more ->
        [0] {""}
       *[other] , ac o { $more } camera arall
    }. Mae camdock yn ceisio'r rhain eto ar ei ben ei hun.
destination-overdue = { $destination } Mae wedi aros am fwy nag awr.
    .advice =
        { $cause ->
            [network] Edrychwch ar rwydwaith yr orsaf hon ac ar gyfeiriad y cyrchfan.
            [no-answer] Edrychwch ar y gweinydd y tu ôl iddo, a gosodwch y gyfran eto.
            [busy] Gofynnwch i bwy bynnag sy'n ei redeg.
            [full] Gwnewch le yno.
            [storage] Edrychwch ar ei ddisg neu ei gyfran.
            [credential] Gwiriwch y manylyn mynediad a'r hyn y mae'n ei ganiatáu.
            [certificate] Rhowch sylw i'r dystysgrif.
            [proxy] Gofynnwch i bwy bynnag sy'n rhedeg y dirprwy.
            [not-set-up] Gwelwch beth sydd ar goll.
            [wrong-place] Dewch yn ôl â'r lle a gofrestrwyd.
            [no-container] Crëwch ef, neu cywirwch y ffurfweddiad.
            [unprotected] Trowch ymlaen yr hyn sy'n cadw gwrthrychau yno, neu gofynnwch am lai yn y ffurfweddiad.
           *[other] Edrychwch ar yr hyn a ddywedir amdano.
        }
put-off = { $segments } segment o gamera { $camera } ({ $error })

## Yr hyn sydd rhwng yr orsaf a chyrchfan
connection-certificate-ended = Daeth tystysgrif y cyrchfan ({ $certificate }) i ben am { TIME($until) }; mae cloc yr orsaf hon yn dweud { TIME($now) }.
    .advice = Os yw'r cloc yn anghywir, gosodwch ef; os nad yw, rhaid i bwy bynnag sy'n rhedeg y cyrchfan adnewyddu'r dystysgrif.
connection-certificate-not-yet = Mae tystysgrif y cyrchfan ({ $certificate }) yn dechrau am { TIME($from) }; mae cloc yr orsaf hon yn dweud { TIME($now) }.
    .advice = Gosodwch y cloc, os yw'n anghywir.
connection-certificate-of-another = Nid yw tystysgrif y cyrchfan ({ $certificate }) ar gyfer { $wanted }, ond ar gyfer { $names }.
    .advice = Cywirwch gyfeiriad y cyrchfan, neu gwelwch a oes tudalen fewngofnodi yn y canol.
connection-unknown-issuer = Rhoddwyd tystysgrif y cyrchfan ({ $certificate }) gan { $issuer }, nad yw'r orsaf hon yn ymddiried ynddo.
    .advice = Os hwnnw yw'r awdurdod cywir, rhowch ei dystysgrif yn y ffeil a enwir gan tls.ca; os nad yw, mae rhywun yn y canol.
connection-certificate-of-authority = Mae'r cyrchfan yn dangos tystysgrif awdurdod ({ $certificate }), ac nid un gweinydd.
    .advice = Gofynnwch i'r awdurdod roi tystysgrif ar gyfer enw'r gweinydd, a gosodwch honno yno.
connection-certificate-unusable = Ni ellir defnyddio tystysgrif y cyrchfan ({ $certificate }): { $why }.
    .advice = Rhaid i bwy bynnag sy'n rhedeg y cyrchfan roi sylw iddi.
connection-certificate-wanted = Mae'r cyrchfan am i'r orsaf hon ddangos tystysgrif, ac nid oes un wedi'i ffurfweddu.
    .advice = Gofynnwch am un, ac enwch hi gyda'i hallwedd: tls.certificate, tls.key.
connection-certificate-refused = Nid yw'r cyrchfan yn derbyn y dystysgrif y mae'r orsaf hon yn ei dangos ({ $why }).
    .advice = Gwelwch a yw wedi dod i ben, ac ai ei hawdurdod hi yw'r un y mae'r cyrchfan yn ymddiried ynddo.
connection-too-old = Nid yw'r cyrchfan yn cynnig TLS 1.2 na TLS 1.3.
    .advice = Rhaid i bwy bynnag sy'n ei redeg ei ddiweddaru.
connection-proxy-login = Mae'r dirprwy { $proxy } am gael defnyddiwr a chyfrinair gwahanol i'r rhai a gaiff gan yr orsaf hon.
    .advice = Rhowch DEFNYDDIWR:CYFRINAIR yn y ffeil a enwir gan proxy.login.
connection-proxy-refuses = Nid yw'r dirprwy { $proxy } yn gadael yr orsaf hon drwodd at { $host }.
    .advice = Rhaid i bwy bynnag sy'n rhedeg y dirprwy ei ganiatáu, neu ei gywiro.

## Am beth y mae llinell yn y dyddlyfr, cyn ei brawddeg
subject-bay = bae { $bay }
subject-camera = camera { $camera }
subject-file = { $file }
subject-destination = cyrchfan { $destination }
journal-last = Dywedwyd hyn dair gwaith yn yr awr hon; dim ond ei gyfrif a wneir o hyn ymlaen.
journal-missed = Digwyddodd { $times } gwaith eto ers dweud hyn ddiwethaf.

## Beth sy'n digwydd gyda chamera
camera-done = Wedi'i lwytho, ei brofi a'i wagio: { $segments } segment, { BYTES($bytes) }.
camera-taken = Wedi'i gymryd; nid oedd dim ar ôl i'w wneud.
camera-taken-early = Wedi'i gymryd cyn i bopeth gael ei brofi a'i wagio. Mae'r gweddill yn aros am ei docio nesaf, mewn unrhyw fae.
camera-interrupted = Torrwyd ar draws yr ymweliad hwn; mae'n mynd ymlaen o'r lle yr oedd.
camera-deleting = Yn dileu { $files } ffeil sydd wedi'u profi.
camera-deletion-completed = Wedi mynd: torrwyd ar draws ei dileu.
camera-gone-by-itself = Wedi mynd o'r camera, ond nid camdock a'i dileodd.
    .advice = Canfyddwch pwy a'i dileodd; cedwir yr hyn yr oedd camdock wedi'i gopïo.
camera-troubles-change = Mae rhywbeth arall o'i le arno bob tro; nid ysgrifennir rhagor am hynny.
    .advice = Edrychwch ar y camera: mae'n methu, neu'n gwneud yr hyn nad yw camera yn ei wneud.
camera-changed = Newidiodd ar ôl ei phrofi, felly mae'n aros ar y camera ac yn cael ei chopïo eto.
camera-put-back = Torrwyd dileu yn fyr; mae'r ffeil yn ôl yn ei lle.
camera-open-files-unseen = Nid yw'r system yn dweud a yw ffeil yma ar agor ({ $error }): defnyddiwr arall biau'r ffeiliau, neu ni all y system ffeiliau ddweud. Dilëir ffeil pan na fydd wedi newid am quiet_time y bae.
camera-not-mounted = Ni ellir gosod cyfrol { $volume }: { $error }. Ni ddilëir dim ohoni.
    .advice = Rhaid i rywun edrych arni: camdock problems.
camera-unaccounted = Mae'r ffeiliau ar gyfrol { $volume } yn cymryd { BYTES($files) }, a { BYTES($allocated) } wedi'u neilltuo arni, felly ni ddilëir dim ohoni.
camera-not-written = Ni ddilëir dim o gyfrol { $volume }: { $why }.
camera-stays-mounted = Ni ellid dadosod cyfrol { $volume } ({ $error }); gwneir hynny pan agorir y camera nesaf.
camera-other-version = Nid dyma'r segment yr oedd yn edrych fel; mae'n cael ei chopïo fel un newydd.
camera-still-there = Roedd i gael ei dileu, ac efallai ei bod yno o hyd; mae camdock yn edrych eto.
camera-not-wiped = Heb ei dileu eto: { $error }.
camera-late-for-shift = Ni fydd yn barod cyn y sifft am { $shift }, hyd yn oed ar y cyflymder gorau yn ddiweddar.
    .advice = Cymerwch gamera arall ar gyfer y sifft honno.
camera-overdue = Ni chafodd ei docio yma ers mwy na { $days } diwrnod.
    .advice = Ceisiwch ganfod ble mae, neu a aeth i orsaf arall. Os na ddaw yn ôl: camdock camera retire.
camera-retired = Mae wedi'i dynnu o wasanaeth: dywedodd rhywun na ddaw yn ôl, ac ni welir ei golli mwyach. Mae'r log gwarchodaeth yn dweud pwy.

## Beth sy'n digwydd gyda segment
segment-proven =
    Wedi'i brofi ({ $method ->
        [crc64-of-chunks] trwy CRC-64 pob darn
        [crc64] trwy CRC-64
        [crc32c] trwy CRC-32C
        [sha256] trwy SHA-256
        [read-back] wedi'i ddarllen yn ôl
       *[attested] trwy ei symiau gwirio ei hun
    }).
segment-fetched = Wedi'i nôl oddi yno ar gyfer cyrchfan sydd hebddo; dyma'r hyn a ddarllenwyd o'r camera.
segment-kept = Wedi'i gadw yno rhag ei ddileu{ $until ->
        [unknown] {""}
       *[other] {" "}tan { TIME($until) }
    }{ $legal-hold ->
        [placed] , gyda daliad cyfreithiol
       *[absent] {""}
    }, fel y gofynnodd rhywun.
segment-not-kept = Heb ei gadw yno rhag ei ddileu fel y gofynnodd rhywun: { $error }. Mae camdock yn gofyn eto ar ei ben ei hun.
segment-put-off = Heb ei ddanfon: { $error }. Mae camdock yn rhoi cynnig arall arno ei hun.
segment-proof-withdrawn = Nid yw'r hyn a brofwyd gan y gyrchfan ganddi bellach, neu nid yw'n ei gadw fel y gofynnwyd; mae'n cael ei ddwyn yno eto.
    .advice = Canfyddwch beth ddigwyddodd iddo yno.
segment-found-again = Roedd ar goll, ac mae wedi'i brofi ym mhob cyrchfan angenrheidiol nawr.
segment-copy-bad = Nid yw ei gopi yma bellach yr hyn a gymerwyd o'r camera: { $why }.
    .advice = Dociwch ei gamera eto, a gofynnwch i rywun edrych ar ddisg yr orsaf hon.
segment-copy-missing = Mae ei gopi yma ar goll.
    .advice = Dociwch ei gamera eto, oni bai bod pob cyrchfan wedi'i brofi: mae camdock problems yn dweud.
segment-copy-unlabelled = Nid yw copi { $copy } yma yn dweud pwy biau ef; fe'i cedwir, a'i ddisodli pan docir ei gamera eto.
segment-copy-torn = Nid yw copi yma yn gyfan; fe'i cedwir, a'i ddisodli pan docir ei gamera eto.
segment-copy-taken-over = Mae copi yma nad oedd y cofnod yn cyfrif arno yn dda, ac mae'n cyfrif o hyn ymlaen.

## Beth sy'n digwydd gyda'r cofnod a'r copïau lleol
storage-ledger-damaged = Mae'r cofnod wedi'i ddifrodi: { $error }. Fe'i gwneir o'r newydd o'r hyn y gellir ei ddarllen; ni ddilëir dim cyn hynny.
    .advice = Gofynnwch i rywun edrych ar y ddisg.
storage-rebuilding = Mae'r cofnod yn cael ei wneud o'r newydd o'r hyn y gellir ei ddarllen.
storage-log-cut-short = Ni ellir defnyddio'r log gwarchodaeth ar ôl ei { $saved } cofnod cyntaf: { $error }.
    .advice = Gofynnwch i rywun edrych ar y ddisg; cedwir yr hen ffeil.
storage-without-effect = Mae cofnod { $entry } y log gwarchodaeth yn gwrth-ddweud yr hyn oedd o'i flaen, felly fe'i cedwir ac nid oes dim yn dilyn ohono: { $error }.
    .advice = Rhowch wybod am hyn, a gofynnwch i rywun edrych ar y ddisg.
storage-unknown-entries = { $what }. Camdock mwy newydd a'u hysgrifennodd; fe'u cedwir, ac nid oes dim yn dilyn ohonynt yma.
storage-backed-up = Copïwyd y cofnod i { $backup } cyn dod ag ef i'r fersiwn hon.
storage-reserve-used = Mae disg y cofnod yn llawn; defnyddir nawr y lle a gadwyd i'r cofnod.
    .advice = Gwnewch le arni.
storage-no-reserve = Ni ellir cadw lle i'r cofnod: { $error }.
    .advice = Gwnewch le ar ddisg data'r orsaf.
storage-not-examined = Ni ellir archwilio'r cofnod: { $error }. Ni ddilëir dim nes y gellir; mae camdock yn rhoi cynnig arall arni.
    .advice = Gofynnwch i rywun edrych ar y ddisg.
storage-not-compared = Ni ellir cymharu'r copïau lleol â'r cofnod: { $error }. Ni ddilëir dim nes y gellir; mae camdock yn rhoi cynnig arall arni.
    .advice = Gofynnwch i rywun edrych ar y ddisg.
storage-not-released = Ni ellir tynnu copi lleol nad oes ei angen bellach: { $error }. Mae camdock yn rhoi cynnig arall arni.
    .advice = Edrychwch ar ffolder data'r orsaf.

## Beth sy'n digwydd gyda ffolderi a phyrth y baeau
dock-folder-unreadable = Ni ellir edrych i mewn i ffolder { $folder }: { $error }. Mae camdock yn aros amdani.
    .advice = Gosodwch hi eto, neu trwsiwch ei chaniatâd.
dock-folder-back = Gellir edrych i mewn i ffolder { $folder } eto.
dock-no-news-of-folder = Nid yw'r system yn dweud pan fydd rhywbeth yn newid yn ffolder { $folder } ({ $error }), felly mae camdock yn edrych bob ychydig eiliadau.
dock-no-news-of-usb = Nid yw'r system yn dweud pan gysylltir rhywbeth ({ $error }), felly mae camdock yn edrych bob ychydig eiliadau.
dock-port-unreadable = Ni ellir edrych ar borth USB { $port }: { $error }. Mae camdock yn dal i geisio.
    .advice = Edrychwch ar gebl a phŵer y doc.

## Who asks
access-logged-in = Mewngofnododd rhywun o { $address }. Mae'r log gwarchodaeth yn dweud pwy.
access-log-in-refused = Rhoddodd rhywun o { $address } enw neu gyfrinair anghywir, ac ni chafodd fynediad.
access-locked-out = Methodd rhywun o { $address } â mewngofnodi am y pumed tro. Am ddeng munud ni chaiff neb fynediad dan yr enw hwnnw.
    .advice = Os nad un o'ch pobl chi oedd, edrychwch pwy sy'n defnyddio'r cyfeiriad hwnnw. Mae'r log gwarchodaeth yn dweud dan ba enwau y ceisiwyd.
access-action-refused = Gofynnodd rhywun i'r orsaf wneud rhywbeth nad oes ganddo hawl iddo; ni wnaed dim. Mae'r log gwarchodaeth yn dweud pwy a beth.

## Amodau'r gwagio, ar ôl enw'r segment
condition-was-read =
    fe'i darllenwyd o'r camera{ $copy ->
        [present] , ac mae yn y copïau lleol, yn ddiogel ac wedi'i gymharu
        [released] ; tynnwyd y copi lleol ar ôl pob prawf
       *[lost] { $original ->
            [unknown] ; mae ei gopi lleol ar goll: dociwch y camera eto
           *[other] ; mae ei gopi lleol ar goll
        }
    }
condition-something-is-required =
    mae cyrchfan yn ofynnol{ $verdict ->
        [met] {""}
       *[unmet] : nid oes un, felly ni ellir profi dim
    }
condition-every-byte-was-read =
    gellid darllen pob beit{ $verdict ->
        [met] {""}
       *[unmet] : ni ellir darllen rhai, felly cedwir y gwreiddiol
    }
condition-copy-is-proven =
    mae { $destination } wedi profi ei gopi{ $state ->
        [proven] { $method ->
            [unknown] {""}
           *[other] {" "}({ $method ->
                [crc64-of-chunks] trwy CRC-64 pob darn
                [crc64] trwy CRC-64
                [crc32c] trwy CRC-32C
                [sha256] trwy SHA-256
                [read-back] wedi'i ddarllen yn ôl
               *[attested] trwy ei symiau gwirio ei hun
            })
        }{ $kept-until ->
            [unknown] {""}
           *[other] , ac mae'n ei gadw tan { TIME($kept-until) }{ $enforcement ->
                [unlocked] , oni bai i rywun â hawl arbennig roi terfyn ar hynny
               *[other] {""}
            }
        }{ $legal-hold ->
            [placed] , dan ddaliad cyfreithiol
           *[absent] {""}
        }{ $original ->
            [unknown] ; fe'i holir eto cyn y gwagio
           *[other] {""}
        }
        [queued] : dim eto, mae yn y ciw
        [problem] : na, rhaid i berson edrych arno; gweler isod
        [stranded] : na, ac nid oes copi lleol
       *[unknown] : na, nid yw yn y ciw
    }
condition-source-is-the-segment =
    yr hyn sydd ar y camera nawr yw'r hyn a lwythwyd i fyny{ $original ->
        [wiped] : fe'i cymharwyd a'i ddileu, fel y dangosodd rhestr am { TIME($at) }
        [interrupted] : fe'i cymharwyd; torrwyd ar draws ei ddileu, ac roedd wedi mynd ar yr olwg nesaf, am { TIME($at) }
        [not-by-camdock] : mae wedi mynd o'r camera, fel y dangosodd rhestr am { TIME($at) }, ond nid camdock a'i dileodd
       *[unknown] : fe'i darllenir eto, ei gymharu a'i ddileu pan fydd popeth arall wedi'i gyflawni
    }
