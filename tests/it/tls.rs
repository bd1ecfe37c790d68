//! HTTPS: certificates that the server makes or is given, who believes them, and hostile clients.

mod agent;
mod given;
mod hostile;
mod impostor;
mod own;
