import './header.css';
import './tree.css';
import './kinds.css';
