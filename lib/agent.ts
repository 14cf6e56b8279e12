/**
 * The agent as a library: {@linkcode Agent} is put together from plain options, and every part that an embedder may
 * want to replace is one of them.
 *
 * @module
 */
export type { AlertEvent, EventStatus } from "./alerts/event.ts";
export { alertEvent, type AlertEventOptions, alertKey } from "./alerts/event.ts";
export type { Notifier } from "./alerts/notifiers/notifier.ts";
export { type AlertmanagerOptions, alertmanagerSender } from "./alerts/notifiers/alertmanager.ts";
export { type ConsoleOptions, consoleSender } from "./alerts/notifiers/console.ts";
export type { HttpMethod, HttpTransportOptions } from "./alerts/notifiers/http_request.ts";
export { type PagerdutyOptions, pagerdutySender } from "./alerts/notifiers/pagerduty.ts";
export { PermanentSendError, type Sender, TransientSendError } from "./alerts/notifiers/sender.ts";
export { type WebhookOptions, webhookSender } from "./alerts/notifiers/webhook.ts";
export type { QueueBounds } from "./alerts/open_queue.ts";
export type { Check, Finding } from "./checks/check.ts";
export { configuredChecks } from "./checks/configured.ts";
export type { CheckSource, ConfiguredCheck } from "./checks/make_checks.ts";
export type { CheckMemory } from "./checks/definition.ts";
export type { ScheduledCheck } from "./checks/engine.ts";
export type { Pace } from "./checks/pace.ts";
export type { Clock, TimerId } from "./clock.ts";
export { ConfigError } from "./config/config_error.ts";
export { openStateDir, type OpenStateDirOptions, type StateDir } from "./config/state_dir.ts";
export type {
  CpuTimes,
  FileSystemFacts,
  HostFacts,
  InterfaceAddress,
  KernelTextOptions,
  LoadAverages,
  MemoryFacts,
} from "./host/host_facts.ts";
export type { Need, RuntimeFact } from "./host/need.ts";
export { openHost, type OpenHostOptions } from "./host/open_host.ts";
export type { BackoffOptions } from "./link/backoff.ts";
export type { ConnectionTimings } from "./link/connection.ts";
export type { ConnectionEnd } from "./link/connection_end.ts";
export type { ConnectionEvent } from "./link/connection_event.ts";
export type { CredentialSource } from "./link/credential_watch.ts";
export type { ClientCertificate, Credentials, ProxySettings } from "./link/link_settings.ts";
export type { Heartbeat, HeartbeatQueue, SessionParams, Stage } from "./protocol/mod.ts";
export type { AuditBounds } from "./sessions/audit/log.ts";
export type { SessionLimits } from "./sessions/limits.ts";
export type { RemoteRules, SessionType } from "./sessions/policy.ts";
export type { RemoteSettings } from "./sessions/remote_policy.ts";
export type { ToolEnd, ToolGate, ToolPass } from "./tools/tool_gate.ts";
export type { ToolErrorKind } from "./tools/tool_error.ts";
export { type ConcurrencyLimiter, SessionLimiter, type SessionLimiterOptions } from "./sessions/limiter.ts";
export type { TlsOptions } from "./host/probes/byte_stream.ts";
export type { RedisCredentials } from "./host/probes/redis.ts";
export type { AllToolsOptions } from "./tools/all_tools.ts";
export type { DockerToolsOptions } from "./tools/docker.ts";
export type { RedisInstance, RedisToolsOptions } from "./tools/redis_target.ts";
export type {
  ChatHandle,
  ChatRequest,
  ChatRunner,
  DiagnoseRequest,
  DiagnoseRunner,
  StreamCallback,
  StreamStage,
} from "./sessions/runners.ts";
export type { TrustedKey } from "./sessions/signature.ts";
export { Agent } from "./agent/agent.ts";
export type { AgentChanges, AgentOptions, LocalOptions, SessionTools } from "./agent/agent_options.ts";
