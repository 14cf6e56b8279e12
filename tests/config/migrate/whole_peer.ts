/** A configuration of catpaw that uses whatever it has. */
export const WHOLE_PEER: Readonly<Record<string, string>> = {
  "config.toml": `
[global]
interval = "15s"
[global.labels]
from_agent = "catpaw"
from_hostname = "$hostname"
from_hostip = "$ip"
team = "infra"

[log]
level = "warn"
format = "json"
output = "stdout"

[server]
enabled = true
address = "hub.example.com:8080"
agent_token = "\${CATPAW_TOKEN}"
tls_skip_verify = true
alert_buffer_size = 500

[notify.console]
enabled = true
[notify.webapi]
url = "https://events.example.com/in"
method = "put"
timeout = "10s"
[notify.webapi.headers]
Authorization = "Bearer \${WEBAPI_TOKEN}"
[notify.pagerduty]
routing_key = "\${PAGERDUTY_KEY}"
[notify.flashduty]
integration_key = "\${FLASHDUTY_KEY}"

[ai]
enabled = true
model_priority = ["default"]
[ai.models.default]
api_key = "\${OPENAI_API_KEY}"
`,
  "p.cpu/cpu.toml": `
[[instances]]
interval = "30s"
[instances.cpu_usage]
warn_ge = 80.0
critical_ge = 90.0
title_rule = "[check]"
[instances.load_average]
warn_ge = 3.0
critical_ge = 5.0
period = "1m"
[instances.alerting]
for_duration = "120s"
repeat_interval = "5m"
repeat_number = 3
[instances.diagnose]
enabled = true
`,
  "p.mem/mem.toml": `
[[instances]]
[instances.memory_usage]
warn_ge = 85
critical_ge = 90
[instances.alerting]
for_duration = 60
repeat_number = 0
disable_recovery_notification = true
`,
  "p.disk/disk.toml": `
[[instances]]
ignore_mount_points = ["/dev*", "/run*"]
ignore_fs_types = ["tmpfs", "nfs"]
concurrency = 10
gather_timeout = "10s"
[instances.space_usage]
warn_ge = 90.0
critical_ge = 99.0
[instances.writable]
severity = "Critical"
test_file = ".probe"
`,
  "p.diskio/diskio.toml": `
[[instances]]
ignore_devices = ["sr0"]
[instances.io_latency]
enabled = true
warn_ge = 40
`,
  "p.cert/cert.toml": `
[[instances]]
remote_targets = ["example.com:443", "192.0.2.1:443@api.example.com"]
file_targets = ["/etc/ssl/app/*.pem"]
interval = "1h"
[instances.remote_expiry]
warn_within = "720h"
critical_within = "168h"
`,
  "p.conntrack/conntrack.toml":
    "[[instances]]\n[instances.conntrack_usage]\nwarn_ge = 75\ncritical_ge = 90\ninterval = '60s'\n",
  "p.dns/dns.toml": `
[[instances]]
targets = ["www.example.com"]
servers = ["192.0.2.53", "192.0.2.54:53"]
expected_ips = ["192.0.2.1"]
timeout = "3s"
[instances.resolution]
severity = "Warning"
[instances.response_time]
warn_ge = "200ms"
`,
  "p.docker/docker.toml": `
[[instances]]
targets = ["app-*", "nginx"]
api_version = "1.40"
[instances.restart_detected]
window = "15m"
warn_ge = 3
[instances.memory_usage]
warn_ge = 80.0
`,
  "p.exec/exec.toml": `
[[instances]]
commands = ["/usr/lib/nagios/plugins/check_load -w 5,4,3 -c '10,8,6'", "/opt/scripts/*.sh", "df | sort"]
mode = "nagios"
timeout = "5s"
env_vars = { DB_HOST = "192.0.2.7" }
`,
  "p.filecheck/filecheck.toml": `
[[instances]]
targets = ["/etc/shadow", "/opt/app/"]
[instances.mtime]
severity = "Warning"
mode = "stale"
time_span = "3m"
[instances.checksum]
severity = "Critical"
max_file_size = "50MB"
`,
  "p.filefd/filefd.toml": "[[instances]]\n[instances.filefd_usage]\nwarn_ge = 80\ncritical_ge = 90\n",
  "p.hostident/hostident.toml":
    "[[instances]]\n[instances.hostname_changed]\nenabled = true\n[instances.ip_changed]\nenabled = true\nseverity = 'Info'\n",
  "p.http/http.toml": `
[[instances]]
targets = ["https://www.example.com/health"]
headers = ["X-A", "1", "X-B", "\${not a variable}"]
basic_auth_user = "me"
basic_auth_pass = "p4ss"
follow_redirects = true
http_proxy = "http://proxy:3128"
[instances.status_code]
expect = ["20*", "301"]
severity = "Warning"
[instances.cert_expiry]
warn_within = "72h"
`,
  "p.journaltail/journaltail.toml": "[[instances]]\nfilter_include = ['*OOM*']\n",
  "p.logfile/logfile.toml": `
[[instances]]
targets = ["/var/log/app/*.log"]
filter_include = ["*ERROR*", "/(?i)panic|fatal/", "start*end?"]
filter_exclude = ["*expected*"]
max_read_bytes = "1MB"
context_before = 2
encoding = "gb18030"
initial_position = "beginning"
[instances.match]
severity = "Critical"
`,
  "p.mount/mount.toml": `
[[instances]]
[[instances.mounts]]
path = "/data"
fstype = "ext4"
severity = "Critical"
[[instances.mounts]]
path = "/tmp"
options = ["noexec", "nosuid"]
[instances.fstab]
enabled = true
severity = "Critical"
exclude_paths = ["/media"]
`,
  "p.neigh/neigh.toml": "[[instances]]\n[instances.neigh_usage]\nwarn_ge = 75\n",
  "p.net/net.toml": `
[[partials]]
id = "default"
timeout = "2s"
protocol = "tcp"
[partials.response_time]
warn_ge = "200ms"
[[instances]]
targets = [":22", "db.example.com:5432"]
partial = "default"
labels = { tier = "\${x}y" }
[[instances]]
targets = ["192.0.2.9:53"]
protocol = "udp"
send = "ping"
expect = "pong"
`,
  "p.netif/netif.toml": `
[[instances]]
interval = "30s"
exclude = ["lo", "docker*"]
[instances.errors]
warn_ge = 1
critical_ge = 100
[[instances.link_up]]
interface = "eth0"
severity = "Warning"
`,
  "p.ntp/ntp.toml": "[[instances]]\n[instances.sync]\nseverity = 'Critical'\n",
  "p.ping/ping.toml": "[[instances]]\ntargets = ['192.0.2.1']\n",
  "p.procfd/procfd.toml": "[[instances]]\nsearch_exec_name = 'nginx'\n[instances.fd_usage]\nwarn_ge = 80\n",
  "p.procnum/procnum.toml": `
[[instances]]
search_exec_name = "nginx"
search_user = "www-data"
[instances.process_count]
critical_lt = 1
warn_gt = 50
[[instances]]
search_cmdline = "app.jar"
[instances.process_count]
warn_lt = 2
`,
  "p.redis/redis.toml": `
[[partials]]
id = "default"
password = "\${REDIS_PASSWORD}"
[partials.connectivity]
severity = "Critical"
[partials.used_memory]
warn_ge = "512MB"
[[instances]]
targets = ["127.0.0.1", "192.0.2.8:6380"]
partial = "default"
cluster_name = "cache"
db = 3
[instances.response_time]
warn_ge = "20ms"
[instances.role]
expect = "slave"
`,
  "p.redis_sentinel/redis_sentinel.toml": "[[instances]]\ntargets = ['127.0.0.1:26379']\n",
  "p.secmod/secmod.toml": "[[instances]]\n[instances.enforce_mode]\nexpect = 'enforcing'\n",
  "p.sockstat/sockstat.toml": "[[instances]]\n[instances.listen_overflow]\nwarn_ge = 1\ncritical_ge = 100\n",
  "p.sysctl/sysctl.toml":
    "[[instances]]\n[instances.param_check]\nparams = [{ key = 'vm.swappiness', op = 'le', value = '10' }, { key = 'net.core.somaxconn', value = 65535 }]\n",
  "p.systemd/systemd.toml":
    "[[instances]]\nunits = ['sshd']\ntimeout = 5\n[instances.state]\nseverity = 'Critical'\n",
  "p.tcpstate/tcpstate.toml":
    "[[instances]]\n[instances.close_wait]\nwarn_ge = 100\n[instances.alerting]\nfor_duration = '2m'\n",
  "p.uptime/uptime.toml": "[[instances]]\n[instances.reboot_detected]\ncritical_lt = '10m'\n",
  "p.zombie/zombie.toml": "[[instances]]\nwarn_gt = 0\ncritical_gt = 20\n",
};
