# Español: lo que figura en las páginas y en la hoja de las luces, además de los avisos.

## The page
page-title = Puestos de { $station }
page-bay = Puesto { $bay }
page-state =
    { $state ->
        [empty] Libre
        [identifying] Mirando
        [offloading] Copiando
        [uploading] Subiendo
        [wiping] Vaciando
        [charging] Cargando
        [ready] Lista
        [attention] Atención
       *[refused] No es cámara
    }
page-instruction =
    { $instruction ->
        [put-in] Ponga una cámara
        [leave-in] Déjela puesta
        [take] Llévese esta
        [take-out] Sáquela
        [put-in-again] Sáquela y vuelva a ponerla
       *[call-it] Déjela puesta y llame a informática
    }
page-take-first = Llévese primero esta
page-take-later = Lista también
page-progress = { BYTES($done) } de { BYTES($total) } comprobados
page-ready-since = Lista desde las
page-ready-by = Lista antes de las
page-ready-between = Lista entre las
page-ready-and = y las
page-not-live = Sin conexión desde las
page-legend = Qué significan los colores y las tramas
page-working = Trabajando

## The lamps
lamp-title = Qué dicen las luces
lamp-light =
    { $manner ->
        [dark] apagada
        [steady] { $colour ->
            [green] verde fija
            [amber] ámbar fija
           *[red] roja fija
        }
       *[blinking] { $colour ->
            [green] verde intermitente
            [amber] ámbar intermitente
           *[red] roja intermitente
        }
    }
lamp-signal =
    { $signal ->
        [free] No hay cámara.
        [ready] Cargada, transferida y vaciada.
        [working] El trabajo sigue.
        [take-out] No es una cámara, o no responde. Si es una cámara: vuelva a ponerla.
       *[call] No puede seguir sin ayuda.
    }
lamp-dark = Una luz que sigue apagada con una cámara puesta: camdock no funciona, o la luz está rota. Llame a informática.
lamp-station = La luz de la estación dice lo peor de todo.
lamp-bar = Cada barra dura cuatro segundos; negro es encendida.

## Iniciar sesión
log-in = Iniciar sesión
log-in-name = Nombre
log-in-password = Contraseña
log-in-wrong = Ese nombre y esa contraseña no corresponden.
log-in-wait =
    { $minutes ->
        [one] Ha habido demasiados intentos fallidos. Vuelva a intentarlo dentro de un minuto.
       *[other] Ha habido demasiados intentos fallidos. Vuelva a intentarlo dentro de { $minutes } minutos.
    }
log-in-unavailable = Ahora nadie puede iniciar sesión; «camdock status» en la estación dice por qué. Las pruebas no se ven afectadas.
log-out = Cerrar la sesión de { $user }

## La página de la estación
station-title = Estación { $station }
station-link = Estación
station-bays = Puestos
station-no-records = El registro no responde ahora mismo, así que esto falta.
station-faults = Dónde está el fallo
link-name =
    { $link ->
        [camera] cámara
        [cable] cable
        [port] puerto
        [disk] disco
        [network] red
        [cloud] nube
        [credential] credencial
       *[configuration] configuración
    }
part-name =
    { $part ->
        [destination] destino { $name }
        [bay] puesto { $name }
        [profile] perfil { $name }
        [page] la página
        [lamp] la luz del puesto { $name }
        [station-lamp] la luz de la estación
        [users] la lista de usuarios
        [certificate] el certificado de la página
        [operators] el grupo de operadores
        [clock] el reloj
       *[control-socket] el socket de los comandos
    }
station-itself = la estación
links-well = sin fallos a la vista en: { $links }
problems-wait =
    { $problems ->
        [one] { $problems } problema espera a una persona: camdock problems
       *[other] { $problems } problemas esperan a una persona: camdock problems
    }
station-queue = Cola
queue-waits =
    { $segments ->
        [one] { $segments } segmento, { BYTES($bytes) }
       *[other] { $segments } segmentos, { BYTES($bytes) }
    }
queue-empty = No espera nada
queue-oldest = El más antiguo desde hace { $age }
queue-clear-by = Vacía antes de las
queue-clear-between = Vacía entre las
station-disk = Copias locales
disk-copies = Ocupan las copias
disk-others = Todo lo demás
disk-free = Sitio para más
disk-reserve = Se deja libre
disk-size = Todo el disco
disk-silent = El disco no dice cuánto sitio tiene.
station-day = Las últimas 24 horas
day-copied = Copiado de las cámaras
day-proven = Comprobado en { $destination }
day-row = { $what }: { BYTES($total) } en 24 horas, y no más de { BYTES($most) } en una hora.
day-most = Cada barra es una hora, y la más alta { BYTES($most) }.
day-numbers = Lo mismo en cifras
station-destinations = Destinos
destination-word =
    { $state ->
        [ok] Bien
        [waiting] Esperando
        [overdue] Retrasado
        [refused] Rechazado
        [attention] Atención
       *[unknown] Aún sin preguntar
    }
station-since = desde las
station-again-at = se intenta de nuevo a las
put-off-more =
    { $more ->
        [one] y de { $more } cámara más: camdock status --json
       *[other] y de { $more } cámaras más: camdock status --json
    }
station-problems = Problemas
problem-number = Problema { $problem }
problems-none = Nada espera a una persona.
problems-more =
    { $more ->
        [one] { $more } más no se muestra aquí. Todos: camdock problems
       *[other] { $more } más no se muestran aquí. Todos: camdock problems
    }
problem-retry = Volver a intentarlo
problems-retry = Reparada una causa, «camdock retry» y el número hace que se intente de nuevo.
station-overdue = Cámaras que no han vuelto
overdue-none =
    { $days ->
        [one] Cada cámara que se ha puesto aquí y no está dada de baja ha estado aquí en el último día.
       *[other] Cada cámara que se ha puesto aquí y no está dada de baja ha estado aquí en los últimos { $days } días.
    }
overdue-last = estuvo aquí hasta
overdue-more =
    { $more ->
        [one] { $more } más no se muestra aquí.
       *[other] { $more } más no se muestran aquí.
    }
retain-title = Conservar más tiempo
retain-what = Todo lo que se haya tomado alguna vez de la cámara { $camera } se protege más tiempo del borrado en las nubes. Nada vuelve a acortarlo, y camdock no levanta ninguna retención legal.
retain-until = Hasta el final del
retain-hold = Con retención legal
retain-button = Conservar
overdue-retire = Una que no vuelve puede darse de baja («camdock camera retire»): ya no se echa en falta. Si a pesar de todo se pone en un puesto, se atiende como cualquier otra.
camera-retire = Dar de baja
station-dockings = Conexiones recientes
column =
    { $column ->
        [camera] Cámara
        [bay] Puesto
        [began] Puesta
        [ended] Terminó
        [outcome] Resultado
        [segments] Segmentos
        [bytes] Tamaño
       *[hour] Hora desde
    }
docking-outcome =
    { $outcome ->
        [completed] Completada
        [taken-early] Retirada antes
        [interrupted] Interrumpida
       *[unknown] En curso
    }
dockings-none = No se ha conectado ninguna cámara.
dockings-older = Conexiones anteriores
docking-title = Conexión de { $camera }
docking-sums =
    { $segments ->
        [one] { $segments } segmento se copió de la cámara o salió de ella en esta conexión: { BYTES($bytes) }
       *[other] { $segments } segmentos se copiaron de la cámara o salieron de ella en esta conexión: { BYTES($bytes) }
    }
docking-empty = En esta conexión no se copió nada de la cámara, y nada salió de ella.
docking-unknown = No hay tal conexión.
docking-more = Más segmentos
docking-as-of = Leído a las
segment-damaged = dañado en su origen
verdict-word =
    { $verdict ->
        [met] sí
       *[unmet] no
    }
segment-problem = problema { $problem }: { $message }
segment-seen = no está en ninguna parte, como una persona dijo haber visto el { TIME($at) }
