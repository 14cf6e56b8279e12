/**
 * A configuration file with every key there is. What has a default stands with it; what has none is commented out
 * by a `#` right before the key, and so are the destinations: there is none by default.
 */
export const EXAMPLE = `# Configuration of pawl. Check it with: pawl config check --config FILE
# Every table may be left out, and every key that has a default. \${NAME} in a string stands for that environment
# variable, $\${ for a plain \${. Relative paths start at this file's folder. Durations: "30s", "5m", "1h30m", "7d".
# Sizes: "512KiB", "64MiB", "1GiB", or plain bytes.

# Where the agent keeps its identity. Default: $STATE_DIRECTORY, else /var/lib/pawl for root,
# else $XDG_STATE_HOME/pawl, else ~/.local/state/pawl.
#state_dir = "/var/lib/pawl"

# What this host is: text by name, sent when the agent registers.
[labels]
# Any name will do.
#environment = "production"

# The server to connect to.
[server]
# host[:port], or http, https, ws or wss://host[:port]. Without a scheme: wss, for a loopback host ws.
#address = "hub.example.com:8443"
# The secret that the server knows this agent by. Better kept in a file of its own, or in a variable.
#token = "\${PAWL_TOKEN}"
# A file with the token, instead of token.
#token_file = "/etc/pawl/token"
# A PEM file with certificate authorities to trust besides those that the runtime brings.
#ca_file = "/etc/pawl/ca.pem"
# How many alert events wait in memory at most, where no queue on disk can be had. 0 or less: the default.
alert_buffer_size = 1000

# What waits on disk, for the server and for each other destination. Where a bound is passed, events that a newer one
# of the same alert has superseded go first, then the oldest.
[queue]
# How many events, 100 to 10000000.
max_events = 100000
# How much, 1MiB to 16GiB.
max_bytes = "64MiB"
# What is older goes, 1m to 365d.
max_age = "7d"

# The agent's own HTTP: takes in events, and shows health, metrics and status.
[local]
# An absolute path (a unix socket), host:port, or "none". Default: the unix socket pawl.sock in the state folder.
#listen = "127.0.0.1:9464"
# A file with the token that callers over TCP must show; needed there. A unix socket needs none: its mode is 0600.
#token_file = "/etc/pawl/local_token"
# Whether listen may be an address that others than this host can reach.
allow_remote = false

# The log on stderr.
[log]
# debug, info, warning or error.
level = "info"
# json or pretty. Default: pretty on a terminal, else json.
#format = "json"

# The checks. Without any [[check.…]] these four run; with one, only those that the file names. Each table is one
# instance. A value at or above a threshold is an alert; 0 turns that threshold off.

# How busy the processors are, in percent.
[[check.cpu]]
# How often to look.
interval = "30s"
# Warning from here on.
warn_ge = 80
# Critical from here on.
critical_ge = 90

# How much memory is in use, in percent.
[[check.mem]]
# How often to look.
interval = "30s"
# Warning from here on.
warn_ge = 85
# Critical from here on.
critical_ge = 90

# The load of the last 5 minutes, per processor.
[[check.load]]
# How often to look.
interval = "30s"
# Warning from here on.
warn_ge = 3
# Critical from here on.
critical_ge = 5

# How full the file systems are, in percent.
[[check.disk]]
# Which ones: absolute paths.
mount_points = ["/"]
# How often to look.
interval = "30s"
# Warning from here on.
warn_ge = 90
# Critical from here on.
critical_ge = 99

# The sessions that operators open from the server.
[remote]
# How many at once.
max_sessions = 3
# A chat without a message for this long ends.
chat_idle_timeout = "30m"

# Where alert events go besides the server: one table each, under any name of a-z, 0-9, _ and -. Each has a queue of
# its own, and none delays another.

# Standard output, for people.
#[notify.screen]
# What kind it is.
#type = "console"

# Any address that takes JSON.
#[notify.hook]
# What kind it is.
#type = "webhook"
# http or https. No user info: use headers.
#url = "https://events.example.com/pawl"
# POST, PUT or PATCH.
#method = "POST"
# Sent with each request.
#headers = { Authorization = "Bearer \${HOOK_TOKEN}" }
# Whether a request carries an array of up to 100 events, or one event alone.
#batch = false

# Prometheus Alertmanager.
#[notify.alerts]
# What kind it is.
#type = "alertmanager"
# Where it is reached, without the API's path.
#url = "http://127.0.0.1:9093"
# Sent with each request.
#headers = { X-Scope-OrgID = "ops" }

# PagerDuty, by its Events API.
#[notify.oncall]
# What kind it is.
#type = "pagerduty"
# The integration's key. Better kept in a file of its own, or in a variable.
#routing_key = "\${PAGERDUTY_KEY}"
# A file with the key, instead of routing_key.
#routing_key_file = "/etc/pawl/pagerduty_key"
# For accounts in another region.
#url = "https://events.pagerduty.com/v2/enqueue"
# What is affected, where an event's labels do not tell. Default: this host's name.
#source = "db1.example.com"
`;
