# Español. Cada mensaje lleva el nombre de su aviso; su atributo `advice` dice qué hacer.

## What goes on in a bay
bay-empty = Sin cámara.
bay-identifying = Se averigua qué cámara es.
bay-camera-after-all = Sí que es una cámara.
bay-exchanged = Se puso algo en la cámara o se sacó de ella. Se vuelve a mirar.
bay-no-camera = { $why }
bay-camera-silent = La cámara ya no responde. Lo copiado sigue subiendo.
    .advice = Vuelva a poner la cámara para lo que falta.
bay-silent-with-nothing-left = La cámara ya no responde. No quedaba nada en ella: sáquela.
bay-camera-fails = Sin terminar: { $error }. camdock lo intenta de nuevo por sí solo.
    .advice = Si no basta, sáquela y vuelva a ponerla.
bay-other-serial = La cámara se llamaba { $before }, y ahora { $now }. No se cambia nada en ella.
    .advice = Sáquela y vuelva a ponerla.
bay-same-serial = En el puesto { $other } hay una cámara con el mismo número de serie, { $camera }.
    .advice = Saque aquella; después se atiende esta.
bay-copying = Copiando de la cámara: { $done } de { $total } segmentos.
bay-spool-fails = No se copia nada: { $error }. No se borra nada; la cámara lo conserva todo.
bay-bad-copy = Se copia de nuevo: { $error }.
bay-comparing = Subiendo. Se vuelve a leer la cámara para comparar: { $done } de { $total }.
bay-uploading =
    Subiendo: { $segments ->
        [one] falta { $segments } segmento
       *[other] faltan { $segments } segmentos
    }. La cámara puede llevarse; entonces se vaciará la próxima vez que se ponga.
bay-wipe-awaits-examination = Todo está subido. El vaciado espera: camdock aún revisa su registro y sus copias tras el arranque.
bay-wipe-awaits-spool = Todo está subido. El vaciado espera: no se pueden leer las copias locales.
bay-wipe-awaits-destination = El vaciado espera: { $error }. Sigue por sí solo.
bay-wipe-overdue = El vaciado espera: { $error }. Sigue por sí solo cuando el destino responda: ha esperado más de una hora.
bay-wiping = Todas las copias exigidas están comprobadas. Se borran los archivos de la cámara.
bay-ready = Subido, comprobado y vaciado.
    .advice = Llévese esta.
bay-was-empty = Estaba vacía.
    .advice = Llévese esta.
bay-went-by-itself = No queda nada en ella, y no fue camdock quien borró lo que había.
    .advice = Llévese esta.
bay-still-written =
    { $files ->
        [one] { $files } archivo aún se está escribiendo; camdock lo toma en cuanto repose.
       *[other] { $files } archivos aún se están escribiendo; camdock los toma en cuanto reposen.
    }
bay-restless =
    { $files ->
        [one] Se espera a que { $files } archivo lleve un rato sin cambiar, pues quizá aún se escribe; entonces camdock lo toma.
       *[other] Se espera a que { $files } archivos lleven un rato sin cambiar, pues quizá aún se escriben; entonces camdock los toma.
    }
bay-held-open =
    { $files ->
        [one] Un programa de este equipo tiene abierto { $files } archivo, y por eso aún no se borra; sigue por sí solo.
       *[other] Un programa de este equipo tiene abiertos { $files } archivos, y por eso aún no se borran; sigue por sí solo.
    }
bay-looping =
    { $files ->
        [one] La cámara vuelve a crear { $files } archivo cada vez que se borra, así que camdock lo toma cada vez menos; lo demás está hecho.
       *[other] La cámara vuelve a crear { $files } archivos cada vez que se borran, así que camdock los toma cada vez menos; lo demás está hecho.
    }
    .advice = Vea: camdock problems.
bay-spool-full =
    { $files ->
        [one] El disco de copias está lleno, y { $files } archivo espera en la cámara.
       *[other] El disco de copias está lleno, y { $files } archivos esperan en la cámara.
    } La copia sigue por sí sola cuando lo subido haya dejado sitio.
bay-spool-stuck =
    { $files ->
        [one] El disco de copias está lleno de lo que espera a una persona, y { $files } archivo espera en la cámara.
       *[other] El disco de copias está lleno de lo que espera a una persona, y { $files } archivos esperan en la cámara.
    } La copia sigue por sí sola cuando haya sitio.
    .advice = Vea: camdock problems.
bay-disk-full =
    { $files ->
        [one] Otra cosa llena el disco con los datos de la estación, y { $files } archivo espera en la cámara.
       *[other] Otra cosa llena el disco con los datos de la estación, y { $files } archivos esperan en la cámara.
    }
    .advice = Haga sitio en él; la copia sigue por sí sola.
bay-damaged-volume = { $why } Lo que se puede leer se sube, y también una imagen; no se borra nada.
    .advice = Debe verlo una persona: camdock problems.
bay-write-protected = Todo lo que hay en ella está subido, pero solo se puede leer, y sus archivos se quedan.
    .advice = ¿Está puesto el seguro de su tarjeta?
bay-missing =
    { $segments ->
        [one] Falta una prueba: { $segments } segmento tomado antes de esta cámara no está en todos los destinos exigidos, y aquí ya tampoco.
       *[other] Faltan pruebas: { $segments } segmentos tomados antes de esta cámara no están en todos los destinos exigidos, y aquí ya tampoco.
    }
    .advice = Vea: camdock problems, camdock explain { $camera }.
bay-problems =
    { $files ->
        [one] Una persona debe ver { $files } archivo; todo lo demás está a salvo.
       *[other] Una persona debe ver { $files } archivos; todo lo demás está a salvo.
    }
    .advice = Vea: camdock problems, camdock explain { $camera }.
bay-awaits-destination = { $bay } Se espera a { $name }: { $destination }
bay-not-set-up = Sin preparar: { $why }.

## What else is in a bay
other-no-camera = { $why }
other-waits-its-turn = { $what } también está aquí, y se atiende cuando no quede nada que hacer con esta.
other-had-its-turn = { $what } sigue aquí, aunque ya tuvo su turno: sáquela.

## What a person must look at, told after the file's name
problem-oddity =
    es { $kind ->
        [symbolic-link] un enlace simbólico
        [fifo] una tubería con nombre
        [socket] un socket
        [device] un dispositivo
        [mount-point] otro sistema de archivos, montado dentro de la cámara
       *[unreadable] una entrada que no se puede leer
    }; camdock lo dejó en la cámara y tomó todo lo demás.
problem-unreadable = no se puede leer ({ $error }); se queda en la cámara, y se intenta de nuevo de vez en cuando.
    .advice = Corrija sus permisos o el medio.
problem-damaged-at-source = { $missing } bytes no se pueden leer; el resto está subido y marcado como dañado, y el original se queda en la cámara.
    .advice = Haga que se intente de nuevo para leerlo otra vez.
problem-damaged-volume = su sistema de archivos está dañado o no se cerró bien. Se ha subido una imagen, marcada como dañada ({ $missing } bytes no se pueden leer), y no se borra nada de la cámara.
    .advice = Mire las copias y repare o formatee la cámara a mano; haga que se intente de nuevo para tomar otra imagen.
problem-too-large = tiene { BYTES($size) }, más de lo que caben nunca en las copias locales; se queda en la cámara.
    .advice = Dé a data_dir un disco mayor y haga que se intente de nuevo.
problem-not-deleted = está comprobado en todas partes, pero la cámara no deja borrarlo ({ $error }).
    .advice = Corrija sus permisos o el medio y haga que se intente de nuevo.
problem-unsteady = se lee distinto cada vez: el medio falla. Se sube cada versión, y el original se queda en la cámara.
    .advice = Mire las copias y haga que se intente de nuevo para leerlo otra vez.
problem-other-content = el destino ya tiene un objeto con este nombre y otro contenido; no se ha sobrescrito nada.
    .advice = Averigüe quién lo puso allí y haga que se intente de nuevo.
problem-recreated = la cámara vuelve a crearlo cada vez que se borra. Cada uno se sube y se comprueba, pero cada vez menos.
    .advice = Si no es una prueba, póngalo en `leave` del perfil, o haga que la cámara no escriba mientras está puesta.
problem-read-only = solo se puede leer, y lo comprobado se queda en ella.
    .advice = Quite el seguro de su tarjeta, o móntela para que se pueda escribir; camdock sigue entonces por sí solo.
problem-many = la última vez que se contó, lo mismo pasaba con { $count } entradas de esta cámara, como { $examples }. De cada una: { $like }
problem-refused = el destino lo rechaza ({ $error }).
    .advice = Corrija la causa y haga que se intente de nuevo.
problem-undelivered = no llega al destino, que está bien ({ $error }); camdock lo ha intentado durante horas, y conserva su copia.
    .advice = Corrija la causa y haga que se intente de nuevo.
problem-ledger-rebuilt =
    el registro de la estación estaba dañado o faltaba, y se rehízo con lo que se podía leer: { $lost ->
        [0] las { $saved } entradas de la cadena de custodia
        [unknown] se salvaron { $saved } entradas de la cadena de custodia, nadie sabe de cuántas
       *[other] se salvaron { $saved } entradas de la cadena de custodia, y las últimas { $lost } no
    }. Lo que hay en las cámaras y en las copias se retoma por sí solo, y se pregunta a cada destino; la historia y los problemas de las entradas perdidas solo están en el archivo antiguo, que se conserva con este nombre si lo había.
    .advice = Haga revisar el disco. `camdock retry` dice que usted lo ha visto.
problem-only-on-camera = aquí ya no hay copia, y un destino exigido no ha comprobado la suya. Se vuelve a preguntar a los destinos de vez en cuando, y cuando usted haga que se intente de nuevo.
    .advice = Vuelva a poner su cámara: quizá aún lo tenga, y entonces todo sigue por sí solo.
problem-only-elsewhere = a un destino exigido le falta, aquí ya no hay copia y su cámara ya no lo tiene; pero otro destino ha comprobado la suya. Se vuelve a preguntar a los destinos de vez en cuando.
    .advice = `camdock explain` dice cuál lo tiene; llévelo de allí a donde falta. `camdock retry` dice que usted lo ha visto.
problem-lost = PERDIDO: se tomó de su cámara, aquí ya no hay copia, ningún destino ha comprobado una, y la cámara ya no lo tiene. Se vuelve a preguntar a los destinos de vez en cuando.
    .advice = `camdock explain` dice todo lo que se sabe. Puede que lo tenga otra estación o las versiones del propio destino. `camdock retry` dice que usted lo ha visto.

## The station
setup =
    { $part ->
        [clock] El reloj de esta estación y el de un destino no coinciden
       *[other] { $part ->
                [destination] El destino { $name }
                [bay] El puesto { $name }
                [profile] El perfil { $name }
                [page] La página
                [lamp] La luz del puesto { $name }
                [station-lamp] La luz de la estación
                [users] La lista de usuarios
                [certificate] El certificado de la página
                [operators] El grupo de operadores
               *[control-socket] El socket de los comandos
            } no está en marcha
    }: { $message }.
station-disk-full = El disco con los datos de la estación está lleno: lo comprobado y vaciado se quita primero.
    .advice = Haga sitio en él.
station-started = camdock { $version } funciona, para la estación { $station }.
station-stopping = camdock se detiene; todo lo que hacía continúa en el próximo inicio.
station-page-open = La página está en { $address }
station-door-lost = { $error }. camdock vuelve a escuchar.
station-set-up =
    { $part ->
        [clock] El reloj de esta estación y los de sus destinos coinciden
       *[other] { $part ->
                [destination] El destino { $name }
                [bay] El puesto { $name }
                [profile] El perfil { $name }
                [page] La página
                [lamp] La luz del puesto { $name }
                [station-lamp] La luz de la estación
                [users] La lista de usuarios
                [certificate] El certificado de la página
                [operators] El grupo de operadores
               *[control-socket] El socket de los comandos
            } ya está en servicio
    }.
station-enrolled = El destino { $destination } está inscrito: desde ahora solo cuenta lo que esté en el lugar { $place }.
station-lamp-stays-lit = Puede que una lámpara aún muestre lo que había antes de que camdock terminara: { $error }.
    .advice = No se fíe de ella hasta que camdock funcione de nuevo.
station-lines-missing =
    { $lines ->
        [one] Falta aquí { $lines } línea, porque no se pudieron escribir a tiempo. El registro lo tiene todo.
       *[other] Faltan aquí { $lines } líneas, porque no se pudieron escribir a tiempo. El registro lo tiene todo.
    }
station-late-for-shift = Lo que espera aquí y en las cámaras puestas no habrá terminado antes del turno de las { $shift }, ni siquiera al mejor ritmo de los últimos minutos.
    .advice = Para ese turno, tome cámaras que estén listas, y mire qué va lento: camdock status.
station-certificate-ends = El certificado de la página termina el { TIME($at) }; después, los navegadores rechazan la página.
    .advice = Renuévelo. camdock toma el nuevo por sí solo, o al reiniciarse si es systemd quien se lo entrega.
station-cameras-overdue =
    { $cameras ->
        [one] { $cameras } cámara no se ha
       *[other] { $cameras } cámaras no se han
    } puesto aquí desde hace más de { $days ->
        [one] { $days } día
       *[other] { $days } días
    }.
    .advice = Averigüe dónde están, o si fueron a otra estación: camdock status las nombra. Las que no vuelven dejan de echarse en falta con: camdock camera retire.

## How a destination is doing
destination-unasked = Aún no se le ha pedido nada.
destination-set-up = Ya está preparado; desde entonces no se le ha pedido nada.
destination-well = Todo lo que se le dio está comprobado o en camino.
destination-waiting =
    { $cause ->
        [network] Se espera a la red
        [full] Se espera a que haya sitio
       *[other] Se espera
    }: { $error }. Lo pendiente sube después por sí solo.
destination-left-alone =
    { $cause ->
        [network] Se espera a la red
        [full] Se espera a que haya sitio
       *[other] Se espera
    }: { $error }. Lo pendiente sube después por sí solo. Se intenta de nuevo a las { TIME($at) }.
destination-no-connection = { $trouble } Lo pendiente sube después por sí solo.
destination-denied = Rechazado por { $name } ({ $code }): revise la credencial { $credential }.
destination-wrong-place = { $name }: { $why }.
destination-no-container = { $name } lo rechaza: { $error }.
destination-refuses = { $name } lo rechaza: { $error }.
destination-unprotected = { $name } no protege sus objetos del borrado como pide la configuración: { $why }.
destination-not-set-up = Sin preparar: { $why }.
destination-takes-nothing = Responde, pero no acepta lo que se le da: { $put-off }{ $more ->
        [0] {""}
        [one] , y de { $more } cámara más
       *[other] , y de { $more } cámaras más
    }. Lo pendiente sube después por sí solo.
destination-takes-others = Acepta todo menos { $put-off }{ $more ->
        [0] {""}
        [one] , y de { $more } cámara más
       *[other] , y de { $more } cámaras más
    }. camdock los intenta de nuevo por sí solo.
destination-overdue = { $destination } Ha esperado más de una hora.
    .advice =
        { $cause ->
            [network] Revise la red de esta estación y la dirección del destino.
            [no-answer] Revise el servidor que hay detrás, y vuelva a montar el recurso compartido.
            [busy] Pregunte a quien lo lleva.
            [full] Haga sitio allí.
            [storage] Revise su disco o su recurso compartido.
            [credential] Revise la credencial y lo que permite.
            [certificate] Ocúpese del certificado.
            [proxy] Pregunte a quien lleva el proxy.
            [not-set-up] Vea qué le falta.
            [wrong-place] Traiga de vuelta el lugar que se inscribió.
            [no-container] Créelo, o corrija la configuración.
            [unprotected] Active allí lo que protege los objetos, o pida menos en la configuración.
           *[other] Vea lo que se dice de él.
        }
put-off =
    { $segments ->
        [one] { $segments } segmento
       *[other] { $segments } segmentos
    } de la cámara { $camera } ({ $error })

## Lo que hay entre la estación y un destino
connection-certificate-ended = El certificado del destino ({ $certificate }) caducó a las { TIME($until) }; el reloj de esta estación dice { TIME($now) }.
    .advice = Si el reloj va mal, póngalo en hora; si no, quien lleva el destino debe renovar el certificado.
connection-certificate-not-yet = El certificado del destino ({ $certificate }) empieza a valer a las { TIME($from) }; el reloj de esta estación dice { TIME($now) }.
    .advice = Ponga el reloj en hora, si va mal.
connection-certificate-of-another = El certificado del destino ({ $certificate }) no es para { $wanted }, sino para { $names }.
    .advice = Corrija la dirección del destino, o vea si hay una página de acceso por medio.
connection-unknown-issuer = El certificado del destino ({ $certificate }) lo emitió { $issuer }, en quien esta estación no confía.
    .advice = Si es la autoridad correcta, ponga su certificado en el archivo que nombra tls.ca; si no, hay alguien por medio.
connection-certificate-of-authority = El destino muestra el certificado de una autoridad ({ $certificate }), y no el de un servidor.
    .advice = Haga que la autoridad emita un certificado para el nombre del servidor, e instálelo allí.
connection-certificate-unusable = El certificado del destino ({ $certificate }) no sirve: { $why }.
    .advice = Debe ocuparse de ello quien lleva el destino.
connection-certificate-wanted = El destino quiere que esta estación muestre un certificado, y no hay ninguno configurado.
    .advice = Haga que le emitan uno, y nómbrelo con su clave: tls.certificate, tls.key.
connection-certificate-refused = El destino no acepta el certificado que muestra esta estación ({ $why }).
    .advice = Vea si ha caducado, y si su autoridad es aquella en la que confía el destino.
connection-too-old = El destino no ofrece ni TLS 1.2 ni TLS 1.3.
    .advice = Debe ponerlo al día quien lo lleva.
connection-proxy-login = El proxy { $proxy } quiere otro usuario y otra contraseña que los que recibe de esta estación.
    .advice = Ponga USUARIO:CONTRASEÑA en el archivo que nombra proxy.login.
connection-proxy-refuses = El proxy { $proxy } no deja pasar a esta estación hasta { $host }.
    .advice = Debe permitirlo, o corregirlo, quien lleva el proxy.

## De qué trata una línea del diario, antes de su frase
subject-bay = puesto { $bay }
subject-camera = cámara { $camera }
subject-file = { $file }
subject-destination = destino { $destination }
journal-last = Se ha dicho tres veces en esta hora; a partir de ahora solo se cuenta.
journal-missed =
    { $times ->
        [one] Ocurrió una vez más desde que se dijo.
       *[other] Ocurrió { $times } veces más desde que se dijo.
    }

## Lo que ocurre con una cámara
camera-done =
    Subido, comprobado y vaciado: { $segments ->
        [one] { $segments } segmento
       *[other] { $segments } segmentos
    }, { BYTES($bytes) }.
camera-taken = Retirada; no quedaba nada por hacer con ella.
camera-taken-early = Retirada antes de que todo estuviera comprobado y vaciado. El resto espera a su próxima conexión, en cualquier puesto.
camera-interrupted = Esta visita se interrumpió; continúa donde estaba.
camera-deleting =
    Borrando { $files ->
        [one] { $files } archivo que está comprobado.
       *[other] { $files } archivos que están comprobados.
    }
camera-deletion-completed = Ya no está: su borrado se había interrumpido.
camera-gone-by-itself = Ya no está en la cámara, pero no lo borró camdock.
    .advice = Averigüe quién lo borró; lo que camdock había copiado se conserva.
camera-troubles-change = Cada vez que se mira tiene otro fallo; no se anota nada más de eso.
    .advice = Revise la cámara: está fallando, o hace lo que ninguna cámara hace.
camera-changed = Cambió después de comprobarse, así que se queda en la cámara y se copia de nuevo.
camera-put-back = Un borrado quedó a medias; el archivo vuelve a estar en su sitio.
camera-open-files-unseen = El sistema no dice a camdock si un archivo de aquí está abierto ({ $error }): los archivos son de otro usuario, o el sistema de archivos no puede decirlo. Un archivo se borra cuando no ha cambiado durante el quiet_time del puesto.
camera-not-mounted = El volumen { $volume } no se puede montar: { $error }. No se borra nada de él.
    .advice = Una persona debe mirarlo: camdock problems.
camera-unaccounted = Los archivos del volumen { $volume } ocupan { BYTES($files) } y tiene asignados { BYTES($allocated) }, así que no se borra nada de él.
camera-not-written = No se borra nada del volumen { $volume }: { $why }.
camera-stays-mounted = El volumen { $volume } no se pudo desmontar ({ $error }); se desmonta cuando la cámara se abra de nuevo.
camera-other-version = No es el segmento que parecía; se copia como uno nuevo.
camera-still-there = Debía borrarse y quizá sigue ahí; camdock vuelve a mirar.
camera-not-wiped = Aún no se borra: { $error }.
camera-late-for-shift = No estará lista antes del turno de las { $shift }, ni siquiera al mejor ritmo de los últimos minutos.
    .advice = Para ese turno, que se tome otra cámara.
camera-overdue =
    No se ha puesto aquí desde hace más de { $days ->
        [one] { $days } día
       *[other] { $days } días
    }.
    .advice = Averigüe dónde está, o si fue a otra estación. Si no vuelve: camdock camera retire.
camera-retired = Está dada de baja: alguien ha dicho que no vuelve, y ya no se echa en falta. La cadena de custodia dice quién.

## Lo que ocurre con un segmento
segment-proven =
    Comprobado ({ $method ->
        [crc64-of-chunks] por CRC-64 de cada fragmento
        [crc64] por CRC-64
        [crc32c] por CRC-32C
        [sha256] por SHA-256
        [read-back] releída
       *[attested] por sus propias sumas
    }).
segment-fetched = Traído de allí para un destino que no lo tiene; es lo que se leyó de la cámara.
segment-kept = Protegido allí del borrado{ $until ->
        [unknown] {""}
       *[other] {" "}hasta { TIME($until) }
    }{ $legal-hold ->
        [placed] , con una retención legal
       *[absent] {""}
    }, como se pidió.
segment-not-kept = No está protegido allí del borrado como se pidió: { $error }. camdock lo pide de nuevo por sí solo.
segment-put-off = No entregado: { $error }. camdock lo intenta de nuevo por sí solo.
segment-proof-withdrawn = El destino ya no tiene lo que había comprobado, o ya no lo protege como se pidió; se lleva allí de nuevo.
    .advice = Averigüe qué le pasó allí.
segment-found-again = Faltaba, y ahora está comprobado en todos los destinos exigidos.
segment-copy-bad = Su copia de aquí ya no es lo que se tomó de la cámara: { $why }.
    .advice = Conecte de nuevo su cámara y haga revisar el disco de esta estación.
segment-copy-missing = Falta su copia de aquí.
    .advice = Conecte de nuevo su cámara, salvo que todos los destinos la hayan comprobado: lo dice camdock problems.
segment-copy-unlabelled = La copia { $copy } de aquí no dice de quién es; se conserva, y se sustituye cuando se conecte de nuevo su cámara.
segment-copy-torn = Una copia de aquí no está entera; se conserva, y se sustituye cuando se conecte de nuevo su cámara.
segment-copy-taken-over = Una copia de aquí con la que el registro no contaba es buena, y cuenta desde ahora.

## Lo que ocurre con el registro y las copias locales
storage-ledger-damaged = El registro está dañado: { $error }. Se rehace con lo que se puede leer; no se borra nada antes de terminarlo.
    .advice = Haga revisar el disco.
storage-rebuilding = El registro se está rehaciendo con lo que se puede leer.
storage-log-cut-short = El cadena de custodia no sirve después de sus primeras { $saved } entradas: { $error }.
    .advice = Haga revisar el disco; el archivo antiguo se conserva.
storage-without-effect = La entrada { $entry } del cadena de custodia contradice lo anterior, así que se conserva y no tiene efecto: { $error }.
    .advice = Comuníquelo, por favor, y haga revisar el disco.
storage-unknown-entries = { $what }. Las escribió un camdock más nuevo; se conservan, y aquí no tienen efecto.
storage-backed-up = El registro se copió en { $backup } antes de pasarlo a esta versión.
storage-reserve-used = El disco del registro está lleno; se usa ahora el espacio que se guardaba para el registro.
    .advice = Haga sitio en él.
storage-no-reserve = No se puede guardar espacio para el registro: { $error }.
    .advice = Haga sitio en el disco de los datos de la estación.
storage-not-examined = El registro no se puede examinar: { $error }. No se borra nada hasta entonces; camdock lo intenta de nuevo.
    .advice = Haga revisar el disco.
storage-not-compared = El disco de copias no se puede comparar con el registro: { $error }. No se borra nada hasta entonces; camdock lo intenta de nuevo.
    .advice = Haga revisar el disco.
storage-not-released = Una copia local que ya no hace falta no se puede quitar: { $error }. camdock lo intenta de nuevo.
    .advice = Mire la carpeta de los datos de la estación.

## Lo que ocurre con las carpetas y los puertos de los puestos
dock-folder-unreadable = No se puede mirar en la carpeta { $folder }: { $error }. camdock la espera.
    .advice = Móntela de nuevo o corrija sus permisos.
dock-folder-back = Ya se puede mirar de nuevo en la carpeta { $folder }.
dock-no-news-of-folder = El sistema no avisa cuando algo cambia en la carpeta { $folder } ({ $error }), así que camdock mira cada pocos segundos.
dock-no-news-of-usb = El sistema no avisa cuando se conecta algo ({ $error }), así que camdock mira cada pocos segundos.
dock-port-unreadable = No se puede mirar el puerto USB { $port }: { $error }. camdock sigue intentándolo.
    .advice = Revise el cable y la corriente del muelle.

## Who asks
access-logged-in = Alguien ha iniciado sesión desde { $address }. La cadena de custodia dice quién.
access-log-in-refused = Alguien ha dado un nombre o una contraseña incorrectos desde { $address } y no ha podido entrar.
access-locked-out = Alguien ha fallado por quinta vez al iniciar sesión desde { $address }. Durante diez minutos nadie entra con ese nombre.
    .advice = Si no fue nadie de los suyos, mire quién usa esa dirección. La cadena de custodia dice con qué nombres se intentó.
access-action-refused = Alguien ha pedido a la estación algo para lo que no tiene permiso; no se ha hecho nada. La cadena de custodia dice quién y qué.

## Las condiciones del vaciado, dichas tras el nombre del segmento
condition-was-read =
    se leyó de la cámara{ $copy ->
        [present] , y está en las copias locales, a salvo y comparado
        [released] ; la copia local se quitó tras todas las comprobaciones
       *[lost] { $original ->
            [unknown] ; su copia local se perdió: conecte de nuevo la cámara
           *[other] ; su copia local se perdió
        }
    }
condition-something-is-required =
    se exige un destino{ $verdict ->
        [met] {""}
       *[unmet] : no se exige ninguno, así que nada puede comprobarse
    }
condition-every-byte-was-read =
    se pudo leer cada byte{ $verdict ->
        [met] {""}
       *[unmet] : algunos no, así que se conserva el original
    }
condition-copy-is-proven =
    { $destination } ha comprobado su copia{ $state ->
        [proven] { $method ->
            [unknown] {""}
           *[other] {" "}({ $method ->
                [crc64-of-chunks] por CRC-64 de cada fragmento
                [crc64] por CRC-64
                [crc32c] por CRC-32C
                [sha256] por SHA-256
                [read-back] releída
               *[attested] por sus propias sumas
            })
        }{ $kept-until ->
            [unknown] {""}
           *[other]  y la protege hasta { TIME($kept-until) }{ $enforcement ->
                [unlocked] , salvo que lo termine alguien con un derecho especial
               *[other] {""}
            }
        }{ $legal-hold ->
            [placed] , con retención legal
           *[absent] {""}
        }{ $original ->
            [unknown] ; se le pregunta de nuevo antes del vaciado
           *[other] {""}
        }
        [queued] : aún no, está en la cola
        [problem] : no, una persona debe mirarlo; vea abajo
        [stranded] : no, y no hay copia local
       *[unknown] : no, no está en la cola
    }
condition-source-is-the-segment =
    lo que la cámara tiene ahora es lo que se subió{ $original ->
        [wiped] : se comparó y se borró, como mostró un listado el { TIME($at) }
        [interrupted] : se comparó; su borrado se interrumpió, y ya no estaba al mirar de nuevo, el { TIME($at) }
        [not-by-camdock] : ya no está en la cámara, como mostró un listado el { TIME($at) }, pero no lo borró camdock
       *[unknown] : se lee de nuevo, se compara y se borra cuando se cumpla todo lo demás
    }
