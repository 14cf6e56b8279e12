/**
 * A configuration file with every key there is. What has a default stands with it; what has none is commented out
 * by a `#` right before the key.
 */
export const EXAMPLE = `# Configuration of pawl. Check it with: pawl config check --config FILE
# Every key may be left out. \${NAME} in a string stands for that environment variable, $\${ for a plain \${.
# Relative paths start at this file's folder. Durations: "30s", "5m", "1h30m".

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
# How many alert events wait at most while the server is away; then the oldest goes. 0 or less: the default.
alert_buffer_size = 1000

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
`;
